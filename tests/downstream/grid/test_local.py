"""Slots of the local engine."""

from __future__ import annotations

import time
from pathlib import Path

import pytest

from datasets.errors import SettingsError
from downstream.engine import run_grid
from downstream.grid.cell import Place, with_needs
from downstream.grid.engines import Slots
from downstream.grid.ledger import Ledger
from downstream.grid.local import LocalEngine
from tests.downstream.grid.trivial_cells import Environment


def test_the_number_of_slots_follows_from_cores_threads_and_gpus() -> None:
    assert Slots(cpus=8, threads=3).count == 2
    assert Slots(cpus=2, threads=4).count == 1
    assert Slots(cpus=8, gpus=("0", "1"), cells_per_gpu=2).count == 4
    with pytest.raises(SettingsError, match="at least 1"):
        Slots(cpus=4, threads=0)


def test_every_gpu_gets_its_share_and_no_more(tmp_path: Path, worker_path: None) -> None:
    cells = [Environment(name=str(index), seconds=2.0) for index in range(4)]
    engine = LocalEngine(Slots(cpus=1, threads=3, gpus=("5", "7"), cells_per_gpu=2))
    for cell in cells:
        assert engine.has_room(cell)
        engine.start(cell, Ledger(tmp_path).write_request(cell, Place(workdir=tmp_path)))
    assert not engine.has_room(Environment(name="one too many"))
    num_ended = 0
    while num_ended < len(cells):
        num_ended += len(engine.finished())
        time.sleep(0.05)
    seen = sorted((tmp_path / f"environment-{cell.name}.txt").read_text() for cell in cells)
    assert seen == ["3 5", "3 5", "3 7", "3 7"]


def test_a_cell_without_use_for_a_gpu_sees_none(tmp_path: Path, worker_path: None) -> None:
    cell = Environment(name="cpu")
    engine = LocalEngine(Slots(cpus=1))
    assert run_grid(with_needs([cell]), Ledger(tmp_path), engine, Place(workdir=tmp_path)).succeeded
    assert (tmp_path / "environment-cpu.txt").read_text() == "1 "
