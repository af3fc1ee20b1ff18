"""Where cells are computed: processes of this machine, a Ray cluster, or Slurm. All of them start the same worker."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import Protocol

from downstream.grid.cell import Cell
from suite.errors import SettingsError


@dataclass(frozen=True, kw_only=True)
class Finished:
    """A worker that ended."""

    cell_id: str
    status: int
    """Exit status; negative: killed by that signal."""
    output: str = ""
    """What it printed before it could open its log."""


@dataclass(frozen=True, kw_only=True)
class Slots:
    """What may run at the same time."""

    jobs: int
    """Cells at the same time, of those that use no GPU."""
    threads: int = 1
    """CPU threads per cell."""
    gpus: tuple[str, ...] = ()
    """GPUs to use, as CUDA_VISIBLE_DEVICES names them."""
    cells_per_gpu: int = 1
    """Cells that share one GPU."""

    def __post_init__(self) -> None:
        if min(self.jobs, self.threads, self.cells_per_gpu) < 1:
            raise SettingsError(
                f"--jobs, --threads and --cells-per-gpu must be at least 1, got {self.jobs}, {self.threads}, "
                f"{self.cells_per_gpu}"
            )

    @property
    def count(self) -> int:
        """Cells at the same time."""
        return len(self.gpus) * self.cells_per_gpu if self.gpus else self.jobs


class Engine(Protocol):
    """Starts workers and tells which have ended."""

    @property
    def num_slots(self) -> int:
        """Cells that this engine computes at the same time, for estimates."""

    def has_room(self, cell: Cell) -> bool:
        """Whether the cell can be started now."""

    def start(self, cell: Cell, folder: Path) -> None:
        """Start the worker of a cell whose request lies in `folder`."""

    def finished(self) -> list[Finished]:
        """Workers that ended since the last call."""

    def stop(self) -> None:
        """End all workers; what they had finished is kept."""
