"""Cells as processes of this machine, as many as there are slots."""

from __future__ import annotations

import contextlib
import os
import subprocess
import sys
import tempfile
from dataclasses import dataclass
from pathlib import Path
from typing import IO

from downstream.grid.cell import Cell
from downstream.grid.engines.engine import Finished, Slots

THREAD_VARIABLES = ("OMP_NUM_THREADS", "MKL_NUM_THREADS", "OPENBLAS_NUM_THREADS", "NUMEXPR_NUM_THREADS")
STOP_SECONDS = 10.0
"""Time that a worker has to end when asked to, before it is killed."""


@dataclass
class _Running:
    cell: Cell
    process: subprocess.Popen[bytes]
    output: IO[bytes]
    gpu: str


class LocalEngine:
    """A slot per group of cores, or per share of a GPU.

    Args:
        slots: What may run at the same time.
    """

    def __init__(self, slots: Slots) -> None:
        self.slots = slots
        self._running: list[_Running] = []

    @property
    def num_slots(self) -> int:
        """Cells at the same time."""
        return self.slots.count

    def has_room(self, cell: Cell) -> bool:
        """Whether a slot of the cell's sort is free."""
        if cell.uses_gpu and self.slots.gpus:
            return self._free_gpu() is not None
        num_cpu = sum(not running.gpu for running in self._running)
        return num_cpu < self.slots.jobs

    def start(self, cell: Cell, folder: Path) -> None:
        """Start a worker process."""
        gpu = (self._free_gpu() or "") if cell.uses_gpu else ""
        output = tempfile.TemporaryFile()  # noqa: SIM115 (closed when the worker has ended)
        process = subprocess.Popen(
            worker_command(folder), stdout=output, stderr=output, stdin=subprocess.DEVNULL, env=self._environment(gpu)
        )
        self._running.append(_Running(cell, process, output, gpu))

    def finished(self) -> list[Finished]:
        """Workers that ended since the last call."""
        ended = [running for running in self._running if running.process.poll() is not None]
        self._running = [running for running in self._running if running not in ended]
        return [self._settle(running) for running in ended]

    def stop(self) -> None:
        """Ask every worker to end, then make it."""
        for running in self._running:
            running.process.terminate()
        for running in self._running:
            with contextlib.suppress(subprocess.TimeoutExpired):
                running.process.wait(STOP_SECONDS)
            running.process.kill()
            running.process.wait()
            running.output.close()
        self._running = []

    def _settle(self, running: _Running) -> Finished:
        running.output.seek(0)
        text = running.output.read().decode(errors="replace")
        running.output.close()
        return Finished(cell_id=running.cell.cell_id, status=running.process.returncode, output=text)

    def _free_gpu(self) -> str | None:
        used = [running.gpu for running in self._running]
        free = [gpu for gpu in self.slots.gpus if used.count(gpu) < self.slots.cells_per_gpu]
        return min(free, key=used.count, default=None)

    def _environment(self, gpu: str) -> dict[str, str]:
        threads = dict.fromkeys(THREAD_VARIABLES, str(self.slots.threads))
        # An empty list hides the GPUs from cells that have none.
        return {**os.environ, **threads, "CUDA_VISIBLE_DEVICES": gpu, "PYTHONUNBUFFERED": "1"}


def worker_command(folder: Path) -> list[str]:
    """The command that computes the cell of a folder."""
    return [sys.executable, "-m", "downstream.grid.worker", str(folder)]
