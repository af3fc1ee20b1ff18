"""Cells as tasks of a Ray cluster, whose nodes share the working folder; Ray places them by the resources they ask for.

A task only starts the same worker process as the local engine, so that the numbers do not depend on the engine.
"""

from __future__ import annotations

import os
import socket
import subprocess
from pathlib import Path
from typing import Any

from downstream.grid.cell import Cell
from downstream.grid.engines.engine import Finished, Slots
from downstream.grid.engines.local import THREAD_VARIABLES
from downstream.grid.engines.processes import worker_command
from suite.errors import MissingPackage, SettingsError

REACH_SECONDS = 10.0
"""To open a connection to the head of a cluster."""


class RayEngine:
    """Ray tasks with resource requests.

    Args:
        slots: Threads and share of a GPU per cell; how many run at once is the cluster's business.
        address: Of a running cluster ("auto", "HOST:PORT", "ray://..."); empty: a cluster of this machine's own.

    Raises:
        MissingPackage: Ray is not installed.
        SettingsError: no cluster at the address.
    """

    def __init__(self, slots: Slots, address: str = "") -> None:
        try:
            import ray
        except ImportError as error:
            raise MissingPackage("ray", "--engine ray") from error
        _check_reachable(address)
        self._ray: Any = ray
        self.slots = slots
        own: dict[str, Any] = (
            {}
            if address
            else {"num_cpus": slots.jobs * slots.threads, "num_gpus": len(slots.gpus), "include_dashboard": False}
        )
        try:
            ray.init(address=address or "local", log_to_driver=False, ignore_reinit_error=True, **own)
        except (ConnectionError, ValueError, RuntimeError) as error:
            raise _no_cluster(address, error) from error
        self._task = ray.remote(max_retries=0)(compute_on_node)
        self._running: dict[Any, str] = {}

    @property
    def num_slots(self) -> int:
        """Cells at the same time, by the cluster's cores and GPUs."""
        found = self._ray.cluster_resources()
        if found.get("GPU"):
            return max(1, int(found["GPU"] * self.slots.cells_per_gpu))
        return max(1, int(found.get("CPU", 1)) // self.slots.threads)

    def has_room(self, cell: Cell) -> bool:
        """A task more than the cluster has slots keeps it busy between two looks; more would only wait there."""
        return len(self._running) <= self.num_slots

    def start(self, cell: Cell, folder: Path) -> None:
        """Hand the cell to the cluster."""
        has_gpus = bool(self._ray.cluster_resources().get("GPU"))
        gpu_share = 1 / self.slots.cells_per_gpu if cell.uses_gpu and has_gpus else 0
        options = {"num_cpus": self.slots.threads, "num_gpus": gpu_share, "name": cell.title}
        task = self._task.options(**options).remote(str(folder.resolve()), str(Path.cwd()), self.slots.threads)
        self._running[task] = cell.cell_id

    def finished(self) -> list[Finished]:
        """Tasks that ended since the last call."""
        if not self._running:
            return []
        ready, _ = self._ray.wait(list(self._running), num_returns=len(self._running), timeout=0)
        return [self._settle(task) for task in ready]

    def stop(self) -> None:
        """Cancel what runs and leave the cluster."""
        for task in self._running:
            self._ray.cancel(task, force=True)
        self._running = {}
        self._ray.shutdown()

    def _settle(self, task: Any) -> Finished:
        cell_id = self._running.pop(task)
        try:
            status, output = self._ray.get(task)
        except self._ray.exceptions.RayError as error:
            # The node died, or Ray ended the task to save memory.
            return Finished(cell_id=cell_id, status=1, output=str(error))
        return Finished(cell_id=cell_id, status=status, output=output)


def _check_reachable(address: str) -> None:
    """Ray itself would knock for minutes at a door that is not there."""
    host, _, port = address.removeprefix("ray://").rpartition(":")
    if not port.isdigit():
        return
    try:
        socket.create_connection((host, int(port)), timeout=REACH_SECONDS).close()
    except (OSError, OverflowError) as error:
        raise _no_cluster(address, error) from error


def _no_cluster(address: str, error: Exception) -> SettingsError:
    return SettingsError(f"no Ray cluster at --address {address}: {error}. Start one: ray start --head")


def compute_on_node(folder: str, current: str, threads: int) -> tuple[int, str]:
    """Run the worker of a cell here; returns its status and what it printed before it opened its log."""
    environment = {**os.environ, **dict.fromkeys(THREAD_VARIABLES, str(threads)), "PYTHONUNBUFFERED": "1"}
    done = subprocess.run(
        worker_command(Path(folder)), cwd=current, env=environment, capture_output=True, text=True, check=False
    )
    return done.returncode, done.stdout + done.stderr
