"""Estimates from finished cells of the same workload."""

from __future__ import annotations

from downstream.grid.cell import with_needs
from downstream.grid.estimate import estimate
from tests.downstream.grid.trivial_cells import Number, Sum

NUMBERS = tuple(Number(value=value) for value in range(4))
GRID = with_needs([Sum(parts=NUMBERS)])


def test_work_is_shared_by_the_slots_but_a_chain_is_not() -> None:
    known = {"number": [1.0, 10.0, 12.0], "sum": [6.0]}
    assert estimate(GRID, list(GRID), known, 1).seconds == 46.0
    assert estimate(GRID, list(GRID), known, 2).seconds == 23.0
    # One number and the sum follow each other, however many slots there are.
    assert estimate(GRID, list(GRID), known, 100).seconds == 16.0


def test_what_is_done_takes_no_time_and_the_unknown_is_counted() -> None:
    *numbers, total = GRID
    found = estimate(GRID, [numbers[0], total], {"number": [10.0]}, 1)
    assert (found.seconds, found.num_unknown) == (10.0, 1)
    assert found.per_cell == {numbers[0]: 10.0, total: None}
