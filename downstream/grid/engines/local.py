"""Cells as processes of this machine, as many as there are slots."""

from __future__ import annotations

import os
import tempfile
from dataclasses import dataclass
from pathlib import Path

from downstream.grid.cell import Cell
from downstream.grid.engines.engine import Finished, Slots
from downstream.grid.engines.processes import start_processes

THREAD_VARIABLES = ("OMP_NUM_THREADS", "MKL_NUM_THREADS", "OPENBLAS_NUM_THREADS", "NUMEXPR_NUM_THREADS")


@dataclass(frozen=True, kw_only=True)
class _Running:
    cell: Cell
    output: Path
    gpu: str


class LocalEngine:
    """A slot per group of cores, or per share of a GPU.

    Args:
        slots: What may run at the same time.
    """

    def __init__(self, slots: Slots) -> None:
        self.slots = slots
        self._running: dict[Path, _Running] = {}
        self._processes = start_processes(self._environment(""))
        self._outputs: tempfile.TemporaryDirectory[str] | None = None

    @property
    def num_slots(self) -> int:
        """Cells at the same time."""
        return self.slots.count

    def has_room(self, cell: Cell) -> bool:
        """Whether a slot of the cell's sort is free."""
        if cell.uses_gpu and self.slots.gpus:
            return self._free_gpu() is not None
        num_cpu = sum(not running.gpu for running in self._running.values())
        return num_cpu < self.slots.jobs

    def start(self, cell: Cell, folder: Path) -> None:
        """Start a worker process."""
        gpu = (self._free_gpu() or "") if cell.uses_gpu else ""
        self._outputs = self._outputs or tempfile.TemporaryDirectory(prefix="workers-")
        output = Path(self._outputs.name) / folder.name
        output.unlink(missing_ok=True)
        self._running[folder] = _Running(cell=cell, output=output, gpu=gpu)
        self._processes.start(folder, output, self._environment(gpu))

    def finished(self) -> list[Finished]:
        """Workers that ended since the last call."""
        return [self._settle(self._running.pop(folder), status) for folder, status in self._processes.ended().items()]

    def stop(self) -> None:
        """Ask every worker to end, then make it."""
        self._processes.stop()
        self._running = {}
        if self._outputs is not None:
            self._outputs.cleanup()
        self._outputs = None

    def _settle(self, running: _Running, status: int) -> Finished:
        text = running.output.read_text(errors="replace") if running.output.is_file() else ""
        return Finished(cell_id=running.cell.cell_id, status=status, output=text)

    def _free_gpu(self) -> str | None:
        used = [running.gpu for running in self._running.values()]
        free = [gpu for gpu in self.slots.gpus if used.count(gpu) < self.slots.cells_per_gpu]
        return min(free, key=used.count, default=None)

    def _environment(self, gpu: str) -> dict[str, str]:
        threads = dict.fromkeys(THREAD_VARIABLES, str(self.slots.threads))
        # An empty list hides the GPUs from cells that have none.
        return {**os.environ, **threads, "CUDA_VISIBLE_DEVICES": gpu, "PYTHONUNBUFFERED": "1"}
