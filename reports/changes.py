"""What differs between two working folders: numbers that moved, came or went, and settings that changed."""

from __future__ import annotations

import math
from collections.abc import Iterator
from dataclasses import dataclass

from reports.boards import Board, build_boards
from reports.collect import Collection, Context, flatten
from reports.labels import MISSING, Labels
from reports.scores import MethodScore
from reports.tables import Column, Table, TableCell, TableRow, score_cell

SAME_TO = 1e-9
"""Relative difference below which two numbers are the same."""


@dataclass(frozen=True)
class Difference:
    """One number in two working folders; None where one of them lacks it."""

    context: Context
    method: str
    metric: str
    before: MethodScore | None
    after: MethodScore | None

    @property
    def delta(self) -> float:
        """After minus before, as in the records; nan where one is missing."""
        return math.nan if self.before is None or self.after is None else self.after.value - self.before.value


@dataclass(frozen=True)
class Comparison:
    """Two working folders side by side."""

    before: str
    after: str
    moved: tuple[Difference, ...]
    added: tuple[Difference, ...]
    removed: tuple[Difference, ...]
    num_same: int
    labels: Labels
    settings: tuple[tuple[str, str, str, str], ...]
    """(method and task, setting, before, after) for settings that changed under numbers that both folders have."""


def compare(before: Collection, after: Collection) -> Comparison:
    """Match the numbers of two folders by context, method and metric; seeds are averaged first."""
    old, new = _scores(before), _scores(after)
    differences = [Difference(*key, old.get(key), new.get(key)) for key in dict.fromkeys([*new, *old])]
    both = [d for d in differences if d.before is not None and d.after is not None]
    moved = [d for d in both if not _same(d)]
    return Comparison(
        before=before.name,
        after=after.name,
        moved=tuple(moved),
        added=tuple(d for d in differences if d.before is None),
        removed=tuple(d for d in differences if d.after is None),
        num_same=len(both) - len(moved),
        labels=Labels({**before.labels.quantities, **after.labels.quantities}),
        settings=tuple(_changed_settings(before, after, both)),
    )


def difference_table(comparison: Comparison) -> Table | None:
    """Every number that moved, came or went; None where nothing did."""
    shown = [*comparison.moved, *comparison.added, *comparison.removed]
    if not shown:
        return None
    return Table(
        slug="changes",
        title=f"From {comparison.before} to {comparison.after}",
        corner="Number",
        columns=(
            Column(key="before", text=comparison.before if comparison.before != comparison.after else "before"),
            Column(key="after", text=comparison.after if comparison.before != comparison.after else "after"),
            Column(key="difference", text="Difference", higher=True),
        ),
        rows=tuple(_row(difference, comparison.labels) for difference in shown),
        notes=(f"{comparison.num_same:,} further numbers are the same in both.",),
    )


def summary_line(comparison: Comparison) -> str:
    """One line for the terminal."""
    return (
        f"{comparison.num_same} numbers same, {len(comparison.moved)} changed, {len(comparison.added)} new, "
        f"{len(comparison.removed)} gone, {len(comparison.settings)} settings changed"
    )


def _scores(collection: Collection) -> dict[tuple[Context, str, str], MethodScore]:
    return {
        (board.context, method, metric): score
        for board in _all_boards(collection)
        for (method, metric), score in board.scores.items()
    }


def _all_boards(collection: Collection) -> list[Board]:
    return build_boards(collection, methods=collection.methods)


def _same(difference: Difference) -> bool:
    before, after = difference.before, difference.after
    if before is None or after is None:
        return False
    if math.isnan(before.value) or math.isnan(after.value):
        return math.isnan(before.value) and math.isnan(after.value)
    return math.isclose(before.value, after.value, rel_tol=SAME_TO, abs_tol=SAME_TO)


def _changed_settings(
    before: Collection, after: Collection, both: list[Difference]
) -> Iterator[tuple[str, str, str, str]]:
    seen = set()
    for difference in both:
        if difference.before is None or difference.after is None:
            continue
        old, new = before.records[difference.before.cells[0]], after.records[difference.after.cells[0]]
        name = f"{difference.method}, {difference.context.title}"
        if old.cell_id == new.cell_id or name in seen:
            continue
        seen.add(name)
        first, second = flatten(old.settings), flatten(new.settings)
        for key in dict.fromkeys([*first, *second]):
            if first.get(key) != second.get(key):
                yield name, key, str(first.get(key, MISSING)), str(second.get(key, MISSING))


def _row(difference: Difference, labels: Labels) -> TableRow:
    label = labels[difference.metric]
    scores = [s for s in (difference.before, difference.after) if s is not None]
    decimals = label.decimals_for(s.value for s in scores)
    higher = scores[0].higher
    # The older folder's records are not in this page: its numbers stand without a link.
    before = score_cell(label, difference.before, decimals, linked=False)
    after = score_cell(label, difference.after, decimals)
    worse = math.isfinite(difference.delta) and higher is not None and (difference.delta < 0) == higher
    delta = TableCell.absent()
    if math.isfinite(difference.delta):
        delta = TableCell(
            text=label.show(difference.delta, decimals, signed=True),
            value=difference.delta,
            records=difference.after.cells if difference.after is not None else (),
            strong=True,
            worse=worse,
        )
    head = f"{difference.method}: {label.text}, {difference.context.title}"
    return TableRow(head=head, cells=(before, after, delta))
