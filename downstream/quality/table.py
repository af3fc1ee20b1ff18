"""The console's table of image metrics: means, the best one, and what cannot be told apart from it."""

from __future__ import annotations

import math
from collections.abc import Sequence
from typing import TYPE_CHECKING

from suite.records import Record
from suite.rows import Row
from suite.statistics.comparison import compare_methods
from suite.statistics.scored import RecordScores, read_scored

if TYPE_CHECKING:
    from rich.table import Table

TITLES = {"quality": "image quality", "video": "quality and consistency of clips"}
FACTS = {"fps": ("frames/s", ".1f"), "ms": ("ms", ".1f"), "parameters": ("parameters", ",.0f")}


def quality_table(records: Sequence[Record]) -> Table:
    """One line per method; '*' marks the best mean, '=' what cannot be told apart from it, as in the report, and '!' a
    value that the metric cannot have.

    Args:
        records: Of one dataset and one list of metrics.
    """
    from rich.table import Table

    found = [RecordScores(record) for record in records]
    rows = [row for row in records[0].rows if row.metric not in FACTS]
    names = [row.metric for row in rows]
    facts_there = {name: told for name, told in FACTS.items() if found[0].row(name) is not None}
    heads = [f"{row.label} {_direction(row)}".strip() for row in rows]
    first = records[0].rows[0]
    what = f"{TITLES[records[0].task]}, {first.dataset}/{first.split}"
    title = f"{what}, convention {records[0].settings['settings']['convention']}"
    table = Table("method", *heads, *(head for head, _ in facts_there.values()), title=title)
    marks = {name: significance_marks(found, name) for name in names}
    for place, record in enumerate(found):
        cells = [_number(record.row(name), ".3f") + marks[name][place] for name in names]
        facts = [_number(record.row(name), shape) for name, (_, shape) in facts_there.items()]
        table.add_row(_method(record.record.rows[0]), *cells, *facts)
    return table


def significance_marks(records: Sequence[RecordScores], metric: str) -> list[str]:
    """By record: "*" for the best, "=" for what cannot be told apart from it, otherwise a space."""
    scores = {str(place): read for place, one in enumerate(records) if (read := read_scored([one], metric))}
    better = next((row.better for one in records if (row := one.row(metric))), None)
    known = {place: one.judged.value for place, one in scores.items() if math.isfinite(one.judged.value)}
    if better is None or not known:
        # Without a direction there is no best.
        return [" "] * len(records)
    tests = compare_methods(scores, higher=better)
    best = (max if better else min)(known, key=lambda place: known[place])
    marks = []
    for place in map(str, range(len(records))):
        # The better of a pair by the test is not always the one of better mean.
        tied = place in known and math.isfinite(tests.p_value(place, best)) and not tests.better(best, place)
        marks.append("*" if place == best else "=" if tied else " ")
    return marks


def _direction(row: Row) -> str:
    if row.ideal is not None:
        return f"towards {row.ideal:g}"
    return {True: "↑", False: "↓", None: ""}[row.higher_is_better]


def _number(row: Row | None, shape: str) -> str:
    if row is None or math.isnan(row.value):
        return "-"
    return format(row.value, shape) + ("!" if row.is_impossible else "")


def _method(row: Row) -> str:
    return row.fuser if row.variant == "full" else f"{row.fuser} {row.variant} seed {row.seed}"
