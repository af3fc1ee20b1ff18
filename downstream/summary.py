"""What a command says at its end: the headline numbers of the cells that it was asked for, and where the report is."""

from __future__ import annotations

import math
import statistics
import subprocess
import sys
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import TYPE_CHECKING

from downstream.grid.cell import Cell
from downstream.robustness import robustness_table
from downstream.task import TaskCell
from suite.console import print_table
from suite.records import Record, cell_dir, is_done, read_record
from suite.rows import Row

if TYPE_CHECKING:
    from rich.table import Table


def print_summary(cells: Mapping[str, Cell], workdir: Path) -> None:
    """One table per task and dataset of the cells that are finished, and one more of those under corruption."""
    groups: dict[tuple[str, str, type[TaskCell]], list[Record]] = {}
    for key, cell in cells.items():
        if isinstance(cell, TaskCell) and is_done(workdir, key):
            dataset = cell.pairs.name if cell.pairs else ""
            groups.setdefault((cell.kind, dataset, type(cell)), []).append(read_record(cell_dir(workdir, key)))
    for (_, _, task), records in groups.items():
        clean = [record for record in records if not record.rows[0].condition]
        if clean:
            print_table(task.tabulate(clean) or headline_table(clean, task.headline))
        if len(clean) < len(records) and (table := robustness_table(records)):
            print_table(table)


def headline_table(records: Sequence[Record], metrics: Sequence[str]) -> Table:
    """Headline metrics of one task on one dataset, a line per method: fractions as percent, mean and sd over seeds."""
    from rich.table import Table

    first = {row.metric: row for row in records[0].rows}
    heads = [first[name].label for name in metrics]
    origin = records[0].rows[0]
    table = Table("method", "protocol", "seeds", *heads, title=f"{origin.task} on {origin.dataset}/{origin.split}")
    methods: dict[tuple[str, str], list[Record]] = {}
    for record in records:
        methods.setdefault((method_name(record.rows[0]), record.rows[0].protocol), []).append(record)
    for (method, protocol), group in methods.items():
        seeds = [str(record.rows[0].seed) for record in group if record.rows[0].seed is not None]
        rows = [{row.metric: row for row in record.rows} for record in group]
        cells = (_over_seeds([found[name] for found in rows]) for name in metrics)
        table.add_row(method, protocol or "-", " ".join(seeds) or "-", *cells)
    return table


def method_name(row: Row) -> str:
    """The fuser, and its variant where it was varied."""
    return row.fuser if row.variant == "full" else f"{row.fuser} {row.variant}"


def build_report(workdir: Path) -> None:
    """Write the report of a working folder; a command of its own, since `downstream` must not import `reports`."""
    subprocess.run([sys.executable, "-m", "reports", str(workdir)], check=False)


def _over_seeds(rows: Sequence[Row]) -> str:
    """One number, or the mean of several and their standard deviation (n - 1); undefined ones are left out."""
    fraction = rows[0].unit == "fraction"
    scale, digits = (100, 1) if fraction else (1, 3)
    values = [scale * row.value for row in rows if math.isfinite(row.value)]
    if not values:
        return "-"
    mean = f"{statistics.fmean(values):.{digits}f}"
    return mean if len(values) < 2 else f"{mean} ± {statistics.stdev(values):.{digits}f}"
