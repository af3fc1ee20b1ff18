"""`python -m diffif.metrics VISIBLE INFRARED FUSED`: score fused images, or tell which convention a table used."""

from __future__ import annotations

import sys
from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING

from suite.command import new_parser, run_command
from suite.errors import SettingsError

if TYPE_CHECKING:
    from jsonargparse import ArgumentParser, Namespace


def build_parser() -> ArgumentParser:
    """The command line."""
    parser = new_parser(__doc__, prog="python -m diffif.metrics")
    parser.add_argument("visible", type=Path, nargs="?", help="a visible image, or a folder of them")
    parser.add_argument("infrared", type=Path, nargs="?", help="an infrared image, or a folder of them")
    parser.add_argument("fused", type=Path, nargs="?", help="a fused image, or a folder of them")
    parser.add_argument("--convention", default="standard", help="which published definitions (see docs/metrics.md)")
    parser.add_argument(
        "--metrics",
        default="",
        help="names with commas between, package.module:METRIC for your own, or all (default: the field's usual ten)",
    )
    parser.add_argument("--csv", type=Path, help="write the scores of every image to this file")
    parser.add_argument("--guess", type=Path, metavar="TABLE", help="tell which convention a CSV table probably used")
    parser.add_argument("--write-docs", type=Path, metavar="FILE", help="write the page on metrics and conventions")
    parser.add_argument("--debug", action="store_true", help="show tracebacks of expected errors")
    return parser


def main(argv: Sequence[str] | None = None) -> int:
    """Run the command; the exit status is never 0 on failure."""
    arguments = build_parser().parse_args(list(sys.argv[1:] if argv is None else argv))
    return run_command(lambda: run(arguments), debug=arguments.debug)


def run(arguments: Namespace) -> int:
    """One of the three things that the command does."""
    if arguments.write_docs:
        return _write_docs(arguments.write_docs)
    if arguments.guess:
        return _guess(arguments.guess)
    if not (arguments.visible and arguments.infrared and arguments.fused):
        raise SettingsError("pass VISIBLE INFRARED FUSED (three images or three folders), or --guess TABLE.csv.")
    return _score(arguments)


def _score(arguments: Namespace) -> int:
    from diffif.metrics.files import as_csv, match_files, mean_scores, score_files
    from diffif.metrics.registry import choose_metrics
    from suite.files import write_text

    wanted = [name.strip() for name in arguments.metrics.split(",") if name.strip()]
    metrics = choose_metrics(wanted, arguments.convention)
    files = match_files(arguments.visible, arguments.infrared, arguments.fused)
    labels = [metric.label for metric in metrics]
    rows = []
    widest = max(len(entry.name) for entry in files) + 2
    print(f"convention: {arguments.convention}")
    print(f"{'image':<{widest}}" + "".join(f"{label:>13}" for label in labels))
    for row in score_files(files, metrics=metrics, convention=arguments.convention):
        rows.append(row)
        print(f"{row.name:<{widest}}" + "".join(f"{value:>13.4f}" for value in row.scores.values()), flush=True)
    if len(rows) > 1:
        print(f"{'mean':<{widest}}" + "".join(f"{value:>13.4f}" for value in mean_scores(rows).values()))
    if arguments.csv:
        write_text(arguments.csv, as_csv(rows))
    return 0


def _guess(table: Path) -> int:
    from diffif.metrics.guess import guess_convention, read_means

    ranking = guess_convention(read_means(table))
    best = ranking[0].score
    likely = [guess.convention for guess in ranking if guess.score == best and best > 0]
    print("probably: " + (" or ".join(likely) if likely else "cannot tell; no column of this table tells them apart"))
    for guess in ranking:
        print(f"{guess.convention}: {len(guess.fitting)} columns fit, {len(guess.contradicting)} contradict")
        for line in guess.fitting:
            print(f"  + {line}")
        for line in guess.contradicting:
            print(f"  - {line}")
    return 0


def _write_docs(path: Path) -> int:
    from diffif.metrics.documentation import render
    from suite.files import write_text

    write_text(path, render())
    return 0


if __name__ == "__main__":
    sys.exit(main())
