"""How long a grid will take, from how long similar cells took in the same working folder."""

from __future__ import annotations

import statistics
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from downstream.grid.cell import Cell


@dataclass(frozen=True, kw_only=True)
class Estimate:
    """Seconds, as far as they are known."""

    per_cell: Mapping[str, float | None]
    """By cell id; None where no cell of the same workload was ever finished here."""
    seconds: float
    """Of the whole grid with the given slots, without the unknown cells."""
    num_unknown: int


def estimate(
    cells: Mapping[str, Cell], open_ids: Sequence[str], known: Mapping[str, list[float]], slots: int
) -> Estimate:
    """What the open cells of a grid will take.

    Args:
        cells: By cell id, each after what it needs.
        open_ids: The cells that are still to be computed.
        known: Seconds of finished cells by workload.
        slots: Cells at the same time.
    """
    wanted = set(open_ids)
    per_cell: dict[str, float | None] = {}
    for key in open_ids:
        found = known.get(cells[key].workload)
        per_cell[key] = statistics.median(found) if found else None
    # Two lower bounds: all work shared evenly, and the longest chain of cells that wait for each other.
    ends: dict[str, float] = {}
    for key, cell in cells.items():
        before = max((ends[needed.cell_id] for needed in cell.needs()), default=0.0)
        ends[key] = before + ((per_cell[key] or 0.0) if key in wanted else 0.0)
    work = sum(seconds or 0.0 for seconds in per_cell.values())
    return Estimate(
        per_cell=per_cell,
        seconds=max(work / max(slots, 1), max(ends.values(), default=0.0)),
        num_unknown=sum(seconds is None for seconds in per_cell.values()),
    )


def show_seconds(seconds: float) -> str:
    """Hours and minutes, or seconds, as people say them.

    >>> show_seconds(5), show_seconds(250), show_seconds(7300)
    ('5 s', '4 min', '2 h 2 min')
    """
    if seconds < 90:
        return f"{seconds:.0f} s"
    if seconds < 3600:
        return f"{seconds / 60:.0f} min"
    return f"{int(seconds // 3600)} h {seconds % 3600 / 60:.0f} min"
