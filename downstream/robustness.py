"""The console's table of corrupted cells: one score of every method, clean and under every condition."""

from __future__ import annotations

import math
from collections.abc import Sequence
from typing import TYPE_CHECKING

from suite.records import Record
from suite.rows import Row

if TYPE_CHECKING:
    from rich.table import Table

SHOWN_FIRST = ("biswe", "vif", "qabf", "ssim")
"""The first that is there, flicker of clips before image metrics; EN, SD, SF or AG praise noise, since they look at the
fused image alone."""


def robustness_table(records: Sequence[Record]) -> Table | None:
    """A line per method, a column per condition: means over trainings; the report has intervals and losses.

    Args:
        records: Of one task on one dataset, clean ones and corrupted ones.

    Returns:
        None where no score has a direction.
    """
    from rich.table import Table

    metric = _metric(records)
    rows = [row for record in records for row in record.rows if row.metric == metric]
    if not rows:
        return None
    conditions = list(dict.fromkeys(row.condition for row in sorted(rows, key=lambda row: bool(row.condition))))
    methods = dict.fromkeys((row.fuser, row.variant) for row in rows)
    origin = rows[0]
    title = f"{origin.label} under corruption, {origin.task} on {origin.dataset}/{origin.split}"
    table = Table("method", *(condition or "clean" for condition in conditions), title=title)
    for fuser, variant in methods:
        own = [row for row in rows if (row.fuser, row.variant) == (fuser, variant)]
        shown = [_mean([row for row in own if row.condition == condition]) for condition in conditions]
        table.add_row(fuser if variant == "full" else f"{fuser} {variant}", *shown)
    return table


def _metric(records: Sequence[Record]) -> str:
    directed = [row.metric for row in records[0].rows if row.better is not None]
    wanted = (records[0].primary, *SHOWN_FIRST, *directed)
    return next((name for name in wanted if name in directed), "")


def _mean(rows: Sequence[Row]) -> str:
    known = [row.value for row in rows if math.isfinite(row.value)]
    if not known:
        return "-"
    mean = sum(known) / len(known)
    return f"{100 * mean:.1f}" if rows[0].unit == "fraction" else f"{mean:.3f}"
