"""Slots of the local engine."""

from __future__ import annotations

import time
from pathlib import Path

import pytest

from downstream.grid.cell import Place, with_needs
from downstream.grid.engines.engine import Finished, Slots
from downstream.grid.engines.local import LocalEngine
from downstream.grid.lock import is_held
from downstream.grid.runner import run_grid
from downstream.grid.store import CellStore
from suite.errors import SettingsError
from tests.downstream.grid.trivial_cells import Environment, Number


def test_the_number_of_slots_is_that_of_jobs_or_of_gpu_shares() -> None:
    assert Slots(jobs=2, threads=4).count == 2
    assert Slots(jobs=8, gpus=("0", "1"), cells_per_gpu=2).count == 4
    with pytest.raises(SettingsError, match="at least 1"):
        Slots(jobs=4, threads=0)


def test_every_gpu_gets_its_share_and_no_more(tmp_path: Path, worker_path: None) -> None:
    cells = [Environment(name=str(index)) for index in range(4)]
    engine = LocalEngine(Slots(jobs=1, threads=3, gpus=("5", "7"), cells_per_gpu=2))
    try:
        # A slot counts as taken until `finished` was asked.
        for cell in cells:
            assert engine.has_room(cell)
            engine.start(cell, CellStore(tmp_path).write_request(cell, Place(workdir=tmp_path)))
        assert not engine.has_room(Environment(name="one too many"))
        ended: list[Finished] = []
        while len(ended) < len(cells):
            ended += engine.finished()
            time.sleep(0.05)
    finally:
        engine.stop()
    assert {finished.status for finished in ended} == {0}
    seen = sorted((tmp_path / f"environment-{cell.name}.txt").read_text() for cell in cells)
    assert seen == ["3 5", "3 5", "3 7", "3 7"]


def test_stopping_ends_the_workers_and_frees_their_cells(tmp_path: Path, worker_path: None) -> None:
    cell, store = Number(value=1, seconds=600.0), CellStore(tmp_path)
    engine = LocalEngine(Slots(jobs=1))
    try:
        engine.start(cell, store.write_request(cell, Place(workdir=tmp_path)))
        while not store.attempts(cell.cell_id, "started"):
            assert not engine.finished()
            time.sleep(0.05)
    finally:
        engine.stop()
    assert not is_held(store.folder(cell.cell_id))
    assert store.failure(cell.cell_id) is None
    assert engine.has_room(cell)


def test_a_cell_without_use_for_a_gpu_sees_none(tmp_path: Path, worker_path: None) -> None:
    cell = Environment(name="cpu")
    engine = LocalEngine(Slots(jobs=1))
    assert run_grid(with_needs([cell]), CellStore(tmp_path), engine, Place(workdir=tmp_path)).succeeded
    assert (tmp_path / "environment-cpu.txt").read_text() == "1 "
