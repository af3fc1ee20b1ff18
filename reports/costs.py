"""What each fuser costs beside what it scores: time per image and size."""

from __future__ import annotations

import math
from collections.abc import Sequence

from reports.boards import Board
from reports.collect import Collection
from reports.labels import DASH, MetricLabel
from reports.tables import Column, Table, TableCell, TableRow

COLUMNS = {
    "ms": MetricLabel(text="Fusing", unit="ms per image"),
    "parameters": MetricLabel(text="Parameters", unit="M", scale=1e-6, decimals=2),
}


def cost_table(board: Board, collection: Collection) -> Table | None:
    """Cost of the methods of one board, as far as any record tells it; None where none does."""
    told = {key: {m: _told(key, m, collection) for m in board.present} for key in COLUMNS}
    known = [key for key, by_method in told.items() if any(math.isfinite(v) for v, _ in by_method.values())]
    if not known:
        return None
    rows = []
    for method in board.present:
        cells = []
        for key in known:
            label, (value, records) = COLUMNS[key], told[key][method]
            decimals = label.decimals_for(v for v, _ in told[key].values())
            if math.isfinite(value):
                cells.append(TableCell(text=label.show(value, decimals), value=value, records=records))
            else:
                cells.append(TableCell(text=DASH, missing=True, hint="not measured"))
        rows.append(TableRow(head=method, cells=tuple(cells)))
    return Table(
        slug=f"costs-{board.context.slug}",
        title=f"What each fuser costs: {board.context.title}",
        heading="What each fuser costs",
        corner="Fuser",
        columns=tuple(Column(key=key, text=COLUMNS[key].head) for key in known),
        rows=tuple(rows),
        notes=("Times of the machine that computed the records, beside other work: no benchmark.",),
    )


def _told(key: str, method: str, collection: Collection) -> tuple[float, tuple[str, ...]]:
    """Mean over the records that tell it, and their ids."""
    rows = collection.rows
    # What the cost task measured at several sizes has a section of its own.
    rows = rows[(rows["method"] == method) & (rows["metric"] == key) & (rows["task"] != "cost")]
    return _mean(dict(zip(rows["cell"], rows["value"], strict=True)))


def _mean(values: dict[str, float]) -> tuple[float, tuple[str, ...]]:
    known: Sequence[tuple[str, float]] = [(c, v) for c, v in values.items() if math.isfinite(v)]
    return (sum(v for _, v in known) / len(known), tuple(c for c, _ in known)) if known else (math.nan, ())
