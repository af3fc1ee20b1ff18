"""`python -m diffif.metrics FUSED VISIBLE INFRARED`: score fused images, or tell which convention a table used."""

from __future__ import annotations

import sys
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

from suite.command import run_settings
from suite.errors import SettingsError
from suite.options import Argument

if TYPE_CHECKING:
    from diffif.metrics.files import ImageFiles, ImageScores
    from diffif.metrics.metric import Metric


@dataclass(frozen=True, kw_only=True)
class ScoreSettings:
    """Which images to score, and how."""

    fused: Annotated[Path | None, Argument(positional=True)] = None
    """A fused image, or a folder of them."""
    visible: Annotated[Path | None, Argument(positional=True)] = None
    """Its visible source, or a folder of them: matched by name."""
    infrared: Annotated[Path | None, Argument(positional=True)] = None
    """Its infrared source, or a folder of them."""
    convention: Annotated[str, Argument(metavar="NAME")] = "standard"
    """Which published definitions (see docs/metrics.md)."""
    metrics: Annotated[tuple[str, ...], Argument(metavar="NAME")] = ()
    """Names, separated by spaces or commas; without it the field's usual ten."""
    csv: Annotated[Path | None, Argument(metavar="FILE")] = None
    """Write the scores of every image to this file."""
    latex: Annotated[Path | None, Argument(metavar="FILE")] = None
    """Write the means as a LaTeX table to this file."""
    guess: Annotated[Path | None, Argument(metavar="TABLE")] = None
    """Tell which convention a CSV table probably used."""
    write_docs: Annotated[Path | None, Argument(metavar="FILE")] = None
    """Write the page on metrics and conventions."""


def main(argv: Sequence[str] | None = None) -> int:
    """Run the command; the exit status is never 0 on failure."""
    return run_settings(run, argv, prog="python -m diffif.metrics", description=__doc__)


def run(settings: ScoreSettings) -> int:
    """One of the three things that the command does."""
    if settings.write_docs:
        return _write_docs(settings.write_docs)
    if settings.guess:
        return _guess(settings.guess)
    if not (settings.fused and settings.visible and settings.infrared):
        raise SettingsError("pass FUSED VISIBLE INFRARED (three images or three folders), or --guess TABLE.csv.")
    return _score(settings, (settings.fused, settings.visible, settings.infrared))


def _score(settings: ScoreSettings, paths: tuple[Path, Path, Path]) -> int:
    from diffif.metrics.argument_order import ORDER, doubts, refuse_wrong_order
    from diffif.metrics.files import match_files, score_files
    from diffif.metrics.registry import choose_metrics
    from diffif.metrics.score_tables import as_csv, as_latex
    from suite.files import write_text

    wanted = [name for text in settings.metrics for name in text.split(",") if name]
    metrics = choose_metrics(wanted, settings.convention)
    refuse_wrong_order(*paths)
    files = match_files(*paths)
    for doubt in doubts(files):
        print(f"warning: {doubt} The order is {ORDER}; until version 0.2 it was another one.", file=sys.stderr)
    print(f"convention: {settings.convention}")
    rows = _print_scores(files, score_files(files, metrics=metrics, convention=settings.convention), metrics)
    if settings.csv:
        write_text(settings.csv, as_csv(rows))
    if settings.latex:
        write_text(settings.latex, as_latex(rows, metrics, method=paths[0].stem))
    return 0


def _print_scores(
    files: Sequence[ImageFiles], scores: Iterable[ImageScores], metrics: Sequence[Metric]
) -> list[ImageScores]:
    """Print a line per image as soon as it is scored, then the means."""
    from diffif.metrics.conventions import get_convention
    from diffif.metrics.files import count_finite, mean_scores
    from diffif.metrics.guess import impossible_cells

    widest = max(len(entry.name) for entry in files) + 2
    print(f"{'image':<{widest}}" + "".join(f"{metric.label:>13}" for metric in metrics))
    rows = []
    for row in scores:
        rows.append(row)
        print(f"{row.name:<{widest}}" + "".join(f"{value:>13.4f}" for value in row.scores.values()), flush=True)
    if len(rows) > 1:
        print(f"{'mean':<{widest}}" + "".join(f"{value:>13.4f}" for value in mean_scores(rows).values()))
        counts = count_finite(rows)
        partly = [f"{metric.label} {counts[metric.name]}" for metric in metrics if counts[metric.name] < len(rows)]
        if partly:
            print(f"mean over fewer than {len(rows)} images, where it is finite: {', '.join(partly)}")
    convention = get_convention(rows[0].convention)
    for metric in metrics:
        cells = [(row.name, row.scores[metric.name]) for row in rows]
        for line in impossible_cells(metric, cells, metric.range_under(convention), f"under {convention.name}"):
            print(f"impossible: {line}")
    return rows


def _guess(table: Path) -> int:
    from diffif.metrics.guess import guess_convention, read_table

    columns = read_table(table)
    for line in columns.impossible():
        print(f"impossible: {line}")
    ranking = guess_convention(columns.means)
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
