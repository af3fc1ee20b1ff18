"""Cells as Slurm jobs, submitted through submitit; the nodes share the working folder."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from downstream.grid.cell import Cell
from downstream.grid.engines.engine import Finished, Slots
from downstream.grid.engines.ray import compute_on_node
from suite.errors import MissingPackage, SettingsError

MOST_JOBS = 64


class SlurmEngine:
    """One job per cell.

    Args:
        slots: Threads per cell, and whether cells get a GPU.
        logs: Folder for submitit's own files.
        options: What sbatch is told, by submitit's names: partition, time (minutes), account ...
        cluster: submitit's name of the scheduler; "local" runs jobs on this machine.

    Raises:
        MissingPackage: submitit is not installed.
        SettingsError: an option that submitit does not know, or no Slurm here.
    """

    def __init__(self, slots: Slots, logs: Path, options: dict[str, str], *, cluster: str = "slurm") -> None:
        try:
            import submitit
        except ImportError as error:
            raise MissingPackage("submitit", "--engine slurm") from error
        self.slots = slots
        self._jobs: dict[str, Any] = {}
        try:
            self._cpu = submitit.AutoExecutor(folder=logs, cluster=cluster)
            self._gpu = submitit.AutoExecutor(folder=logs, cluster=cluster)
            prefixed = {f"slurm_{name}": value for name, value in options.items()}
            # The local scheduler of submitit knows neither: it ends jobs after `timeout_min`.
            common = {"cpus_per_task": slots.threads, "timeout_min": 24 * 60, **prefixed}
            self._cpu.update_parameters(name="diffif-bench", **common)
            self._gpu.update_parameters(name="diffif-bench", gpus_per_node=1 if slots.gpus else 0, **common)
        except (RuntimeError, NameError, ValueError, TypeError) as error:
            raise SettingsError(f"--engine slurm: {error}. Options are submitit's: --slurm partition=gpu") from error

    @property
    def num_slots(self) -> int:
        """Jobs that are in the queue at the same time."""
        return MOST_JOBS

    def has_room(self, cell: Cell) -> bool:
        """Whether the queue may take one more."""
        return len(self._jobs) < MOST_JOBS

    def start(self, cell: Cell, folder: Path) -> None:
        """Submit the cell."""
        executor = self._gpu if cell.uses_gpu else self._cpu
        arguments = (str(folder.resolve()), str(Path.cwd()), self.slots.threads)
        self._jobs[cell.cell_id] = executor.submit(compute_on_node, *arguments)

    def finished(self) -> list[Finished]:
        """Jobs that ended since the last call."""
        ended = [key for key, job in self._jobs.items() if job.done()]
        return [self._settle(key, self._jobs.pop(key)) for key in ended]

    def stop(self) -> None:
        """Cancel what is queued or runs."""
        for job in self._jobs.values():
            job.cancel()
        self._jobs = {}

    def _settle(self, key: str, job: Any) -> Finished:
        error = job.exception()
        if error is not None:
            return Finished(cell_id=key, status=1, output=str(error))
        status, output = job.result()
        return Finished(cell_id=key, status=status, output=output)
