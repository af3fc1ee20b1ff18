"""Both ways to start workers: forks of a nursery, and new interpreters."""

from __future__ import annotations

import os
import time
from collections.abc import Iterator
from pathlib import Path

import psutil
import pytest

from downstream.grid.cell import Cell, Place
from downstream.grid.engines.processes import ForkedProcesses, FreshProcesses, Processes
from downstream.grid.lock import is_held
from downstream.grid.store import CellStore
from tests.downstream.grid.trivial_cells import Environment, Fragile, Number

PATIENCE_SECONDS = 120


@pytest.fixture(params=["forked", "fresh"])
def processes(request: pytest.FixtureRequest, worker_path: None) -> Iterator[Processes]:
    found: Processes = ForkedProcesses(dict(os.environ)) if request.param == "forked" else FreshProcesses()
    yield found
    found.stop()


def start(processes: Processes, work: Path, cell: Cell, **environment: str) -> Path:
    folder = CellStore(work).write_request(cell, Place(workdir=work))
    processes.start(folder, work / f"{folder.name}.txt", {**os.environ, **environment})
    return folder


def wait_for(processes: Processes, count: int) -> dict[Path, int]:
    ended: dict[Path, int] = {}
    deadline = time.monotonic() + PATIENCE_SECONDS
    while len(ended) < count:
        assert time.monotonic() < deadline
        ended |= processes.ended()
        time.sleep(0.02)
    return ended


def test_each_worker_has_its_own_environment_and_status(processes: Processes, tmp_path: Path) -> None:
    one = start(processes, tmp_path, Environment(name="one"), OMP_NUM_THREADS="1", CUDA_VISIBLE_DEVICES="")
    two = start(processes, tmp_path, Environment(name="two"), OMP_NUM_THREADS="2", CUDA_VISIBLE_DEVICES="7")
    broken = start(processes, tmp_path, Fragile())
    killed = start(processes, tmp_path, Fragile(how="killed"))
    assert wait_for(processes, 4) == {one: 0, two: 0, broken: 1, killed: -9}
    assert [(tmp_path / f"environment-{name}.txt").read_text() for name in ("one", "two")] == ["1 ", "2 7"]


def test_stopping_ends_what_runs_and_frees_its_cell(processes: Processes, tmp_path: Path) -> None:
    cell = Number(value=1, seconds=600.0)
    folder = start(processes, tmp_path, cell)
    while not CellStore(tmp_path).attempts(cell.cell_id, "started"):
        assert not processes.ended()
        time.sleep(0.02)
    processes.stop()
    assert not is_held(folder)


def test_a_nursery_that_dies_does_not_leave_its_runner_waiting(tmp_path: Path, worker_path: None) -> None:
    processes = ForkedProcesses(dict(os.environ))
    cell = Number(value=1, seconds=600.0)
    folder = start(processes, tmp_path, cell)
    nursery = next(one for one in psutil.Process().children() if "nursery" in " ".join(one.cmdline()))
    # Libraries start children of their own while they are imported: only the worker says that it has started.
    while not CellStore(tmp_path).attempts(cell.cell_id, "started"):
        time.sleep(0.02)
    (worker,) = nursery.children()
    nursery.kill()
    assert wait_for(processes, 1) == {folder: -9}
    worker.kill()
