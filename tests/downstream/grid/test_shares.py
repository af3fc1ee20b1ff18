"""How cells share a machine, and what is said where less fits than was asked for."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import ClassVar

import pytest

from downstream.grid.cell import Cell, Place, with_needs
from downstream.grid.shares import share_machine, visible_gpus, width
from tests.downstream.grid.trivial_cells import Number, Sum

NUMBERS = tuple(Number(value=value) for value in range(4))
GRID = with_needs([Sum(parts=NUMBERS)])


@dataclass(frozen=True, kw_only=True)
class Large(Cell):
    """Needs three GiB."""

    kind: ClassVar[str] = "large"
    value: int

    @property
    def title(self) -> str:
        return f"large/{self.value}"

    @property
    def memory_gib(self) -> float:
        return 3.0

    def run(self, place: Place) -> tuple[Path, ...]:
        return ()


def shares(jobs: int | None, threads: int | None, cores: int, free_gib: float = 100.0) -> tuple[int, int]:
    slots = share_machine(GRID, jobs=jobs, threads=threads, cores=cores, free_gib=free_gib)
    return slots.jobs, slots.threads


def test_the_width_of_a_grid_is_the_number_of_cells_that_do_not_wait_for_each_other() -> None:
    assert width(GRID) == 4
    assert width({}) == 1


def test_with_one_thread_per_cell_every_core_gets_a_cell() -> None:
    assert shares(None, 1, cores=2) == (2, 1)
    assert shares(None, 1, cores=16) == (16, 1)


def test_cores_that_no_cell_would_use_become_threads() -> None:
    assert shares(None, None, cores=16) == (4, 4)
    assert shares(2, None, cores=16) == (2, 8)
    assert shares(None, None, cores=2) == (2, 1)


def test_more_than_the_machine_has_is_lowered_and_said(capsys: pytest.CaptureFixture[str]) -> None:
    assert shares(8, 1, cores=2) == (2, 1)
    assert "--jobs lowered from 8 to 2: 2 cores, 1 threads per cell" in capsys.readouterr().out
    assert shares(None, 9, cores=4) == (1, 4)
    assert "--threads lowered from 9 to 4" in capsys.readouterr().out


def test_cells_that_do_not_fit_into_memory_run_one_after_the_other(capsys: pytest.CaptureFixture[str]) -> None:
    cells = with_needs([Large(value=value) for value in range(3)])
    slots = share_machine(cells, jobs=None, threads=1, cores=8, free_gib=7.0)
    assert slots.jobs == 2
    assert "lowered from 8 to 2: one takes about 3.0 GiB" in capsys.readouterr().out
    assert share_machine(cells, jobs=None, threads=1, cores=8, free_gib=1.0).jobs == 1


def test_a_numbered_gpu_is_used_alone(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("CUDA_VISIBLE_DEVICES", raising=False)
    assert visible_gpus("cuda", 3) == ("0", "1", "2")
    assert visible_gpus("cuda:1", 3) == ("1",)
    assert visible_gpus("0,2", 3) == ("0", "2")
    monkeypatch.setenv("CUDA_VISIBLE_DEVICES", "5,7")
    assert visible_gpus("cuda:1", 2) == ("7",)
    assert visible_gpus("auto", 2) == ("5", "7")
