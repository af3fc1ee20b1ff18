"""The report follows a grid: from the first published record on, and once more after each."""

from __future__ import annotations

from pathlib import Path

import pytest

from downstream.cost.settings import CostSettings
from downstream.cost.task import CostCell
from downstream.grid.follower import ReportFollower
from downstream.grid.runner import GridProgress, State
from downstream.methods import Method
from suite.pending import PendingCell
from suite.renewal import ReportRenewal
from tests.downstream.grid.trivial_cells import Number


class Recorded(ReportRenewal):
    """Builds nothing; keeps what it was asked for."""

    def __init__(self, workdir: Path) -> None:
        super().__init__(workdir)
        self.asked: list[list[str]] = []

    def renew(self, pending: list[PendingCell]) -> None:
        self.asked.append([cell.title for cell in pending])

    def finish(self, pending: tuple[PendingCell, ...] = ()) -> None:
        self.asked.append([cell.title for cell in pending])


@pytest.fixture
def grid() -> dict:
    cost = [CostCell(method=Method(spec=name), settings=CostSettings()) for name in ("average", "max")]
    return {"number": Number(value=1), "first": cost[0], "second": cost[1]}


def test_the_report_is_renewed_when_a_record_appears_and_not_otherwise(tmp_path: Path, grid: dict) -> None:
    renewal = Recorded(tmp_path)
    follow = ReportFollower(grid, tmp_path, renewal)
    progress = GridProgress(grid, dict.fromkeys(grid, State.WAITING))
    follow(progress)
    progress.states["number"] = State.DONE
    follow(progress)
    assert renewal.asked == [], "nothing was published yet"
    progress.states["first"] = State.DONE
    follow(progress)
    follow(progress)
    assert renewal.asked == [["cost/max"]]
    progress.states["second"] = State.DONE
    follow(progress)
    assert len(renewal.asked) == 1, "the last build is the command's own"
    follow.finish(progress)
    assert renewal.asked[-1] == []


def test_what_failed_is_not_shown_as_being_computed(tmp_path: Path, grid: dict) -> None:
    renewal = Recorded(tmp_path)
    follow = ReportFollower(grid, tmp_path, renewal)
    progress = GridProgress(grid, {"number": State.DONE, "first": State.DONE, "second": State.FAILED})
    follow(progress)
    follow.finish(progress)
    assert renewal.asked == [[]]
