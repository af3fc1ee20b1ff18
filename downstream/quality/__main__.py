"""Image quality of fused images: fuse a split, score every image, record, compare.

python -m downstream.quality --fuser diffif --fuser average --dataset msrs --root DIR --convention standard
"""

from __future__ import annotations

import dataclasses
import math
import sys
from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

from suite.command import new_parser, run_command
from suite.errors import SettingsError

if TYPE_CHECKING:
    import pandas as pd

    from datasets.base import PairedDataset

DESCRIPTION = """How good are the fused images by the metrics of the field?

Fuses one split, scores every fused image against its two sources, and prints the means; 95 % intervals and
p values are in the CSV and in the report. '*' marks the best mean, '=' what cannot be told apart from it (paired
Wilcoxon test, Holm-corrected, p >= 0.05). The same command goes on after an interruption."""

WIDTH_OF_A_LOG = 200


def main(argv: Sequence[str] | None = None) -> int:
    """Parse the command line and run; see --help."""
    arguments = sys.argv[1:] if argv is None else list(argv)
    parsed = _parser().parse_args(arguments)
    return run_command(lambda: _run(parsed, arguments), debug=parsed.debug)


def _parser() -> Any:
    from downstream.arguments import add_data_arguments, add_fuser_arguments, add_run_arguments

    parser = new_parser(DESCRIPTION, prog="python -m downstream.quality")
    add_fuser_arguments(parser)
    add_data_arguments(parser)
    group = parser.add_argument_group("metrics")
    group.add_argument("--split", choices=["train", "val", "test"], default="test", help="default: test")
    group.add_argument("--limit", metavar="N", type=int, default=None, help="only N pairs, evenly spaced")
    group.add_argument(
        "--metrics", metavar="NAME", nargs="+", default=None, help="en sd sf ag mi scd vif qabf ssim cc ..., or all"
    )
    group.add_argument("--convention", default="standard", help="which published definitions (default: standard)")
    group.add_argument("--resamples", type=int, default=1000, help="bootstrap draws behind the intervals")
    add_run_arguments(parser)
    parser.add_argument("--no-report", action="store_true", help="write the records only")
    return parser


def _run(parsed: Any, arguments: Sequence[str]) -> int:
    from downstream.arguments import (
        announce_synthetic,
        build_fusers,
        build_report,
        data_choice,
        fuser_specs,
        load_splits,
    )
    from downstream.preflight import check_images, check_workdir
    from downstream.quality.cells import QualityRun, run_cells
    from suite.device import resolve_device
    from suite.records import reproducing_command

    choice, specs = data_choice(parsed), fuser_specs(parsed)
    if parsed.resamples < 1:
        raise SettingsError(f"--resamples must be at least 1, got {parsed.resamples}")
    metrics = choose_metrics(parsed.metrics, parsed.convention)
    device = resolve_device(parsed.device)
    workdir = check_workdir(parsed.workdir)
    splits = load_splits(choice, "quality", workdir, splits=(parsed.split,))
    dataset = limit_pairs(splits[parsed.split], parsed.limit)
    fusers = build_fusers(specs, device)
    if not choice.name:
        announce_synthetic(splits)
    check_images([dataset], workdir)
    run = QualityRun(
        dataset=dataset,
        fusers=fusers,
        metrics=metrics,
        convention=parsed.convention,
        workdir=workdir,
        device=device,
        command=reproducing_command("downstream.quality", arguments),
        resamples=parsed.resamples,
        fuse_batch=parsed.fuse_batch,
    )
    folders = run_cells(run, specs)
    table = comparison_table(dict(zip(specs, folders, strict=True)), metrics)
    _print_table(table, metrics, dataset, parsed.convention)
    target = workdir / "quality" / f"{dataset.name}-{dataset.split}-{parsed.convention}.csv"
    table.to_csv(target, index=False)
    print(f"table   {target}")
    if not parsed.no_report:
        build_report(workdir)
    return 0


def choose_metrics(names: Sequence[str] | None, convention: str) -> tuple[str, ...]:
    """The metrics asked for; by default the field's usual ones as far as the convention defines them.

    Raises:
        UnknownName: no such metric or convention.
        SettingsError: the convention does not define a metric that was named.
    """
    from diffif.metrics import choose_metrics as choose
    from diffif.metrics import get_metric

    chosen = choose(names, convention)
    # A metric of the user's own is known by the path that was given, in the records too.
    own = {get_metric(name).name: name for name in names or () if ":" in name}
    return tuple(own.get(metric.name, metric.name) for metric in chosen)


def limit_pairs(dataset: PairedDataset, limit: int | None) -> PairedDataset:
    """The whole split, or `limit` evenly spaced pairs of it.

    Raises:
        SettingsError: a limit below 1.
    """
    if limit is None or limit >= len(dataset):
        return dataset
    if limit < 1:
        raise SettingsError(f"--limit must be at least 1, got {limit}")
    chosen = tuple(dataset[index * len(dataset) // limit] for index in range(limit))
    facts = {**dataset.facts, "limit": f"{limit} of {len(dataset)} pairs, evenly spaced"}
    return dataclasses.replace(dataset, samples=chosen, facts=facts)


def comparison_table(folders: dict[str, Path], metrics: Sequence[str]) -> pd.DataFrame:
    """One row per metric and fuser: mean, interval, p against the metric's best (Holm over all pairs)."""
    import pandas as pd

    from suite.records import read_record
    from suite.statistics.comparison import compare_methods
    from suite.statistics.scored import RecordScores, read_scored

    records = {spec: RecordScores(read_record(folder)) for spec, folder in folders.items()}
    lines = []
    for metric in metrics:
        scores = {spec: found for spec, record in records.items() if (found := read_scored([record], metric))}
        rows = {spec: row for spec in scores if (row := records[spec].row(metric))}
        # Without a direction there is no best: the console then marks nothing.
        higher = next(iter(rows.values())).better
        tests = compare_methods(scores, higher=higher is not False)
        known = {spec: one.judged.value for spec, one in scores.items() if math.isfinite(one.judged.value)}
        best = (max if higher else min)(known, key=lambda s: known[s]) if known and higher is not None else ""
        for spec, row in rows.items():
            facts = {name: fact.value for name in ("ms", "parameters") if (fact := records[spec].row(name))}
            p = tests.p_value(spec, best) if best and spec != best else math.nan
            lines.append(
                {
                    "metric": metric,
                    "fuser": spec,
                    "mean": row.value,
                    "ci_low": row.ci_low,
                    "ci_high": row.ci_high,
                    "n": row.n,
                    "best": spec == best,
                    "p_holm": p,
                    # The better of a pair by the test is not always the one of better mean.
                    "worse": bool(best) and spec != best and tests.better(best, spec),
                    **facts,
                }
            )
    return pd.DataFrame(lines)


def _print_table(table: pd.DataFrame, metrics: Sequence[str], dataset: PairedDataset, convention: str) -> None:
    from rich.console import Console
    from rich.table import Table

    from diffif.metrics import get_metric

    title = f"{dataset.name}/{dataset.split}, {len(dataset)} pairs, convention {convention}"
    arrows = {"higher": "↑", "lower": "↓"}
    chosen = [get_metric(name) for name in metrics]
    heads = [f"{metric.label} {arrows.get(metric.better, metric.better)}" for metric in chosen]
    shown = Table("fuser", *heads, "ms", "parameters", title=title)
    for spec, part in table.groupby("fuser", sort=False):
        cells = [_cell(line) for line in part.itertuples()]
        shown.add_row(str(spec), *cells, _fact(part["ms"].iloc[0], ".1f"), _fact(part["parameters"].iloc[0], ",.0f"))
    console = Console()
    # A pipe has no width of its own; cut-off numbers in a log would be worthless.
    (console if console.is_terminal else Console(width=WIDTH_OF_A_LOG)).print(shown)


def _fact(value: float, shape: str) -> str:
    return "-" if math.isnan(value) else format(value, shape)


def _cell(line: Any) -> str:
    if math.isnan(line.mean):
        return "-"
    mark = "*" if line.best else "=" if not line.worse and math.isfinite(line.p_holm) else " "
    return f"{line.mean:.3f}{mark}"


if __name__ == "__main__":
    sys.exit(main())
