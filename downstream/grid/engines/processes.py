"""Worker processes of this machine: forked from a nursery on Linux, started afresh elsewhere."""

from __future__ import annotations

import contextlib
import json
import os
import subprocess
import sys
from collections.abc import Mapping
from pathlib import Path
from typing import IO, Protocol

STOP_SECONDS = 10.0
"""Time that a worker has to end when asked to, before it is killed."""
NURSERY_SECONDS = 30.0
"""The same for the nursery, which waits for its workers."""


class Processes(Protocol):
    """Starts workers and tells which have ended."""

    def start(self, folder: Path, output: Path, environment: Mapping[str, str]) -> None:
        """Start the worker of a cell's folder; what it prints goes to the end of `output`."""

    def ended(self) -> dict[Path, int]:
        """Exit status of the workers that ended since the last call, by folder; negative: killed by that signal."""

    def stop(self) -> None:
        """End all workers."""


def worker_command(folder: Path) -> list[str]:
    """The command that computes the cell of a folder."""
    return [sys.executable, "-m", "downstream.grid.worker", str(folder)]


def start_processes(environment: Mapping[str, str]) -> Processes:
    """The way of this system. On macOS a process that has loaded its graphics libraries must not fork."""
    return ForkedProcesses(environment) if sys.platform == "linux" else FreshProcesses()


class FreshProcesses:
    """Every worker is a new interpreter."""

    def __init__(self) -> None:
        self._running: dict[Path, subprocess.Popen[bytes]] = {}

    def start(self, folder: Path, output: Path, environment: Mapping[str, str]) -> None:
        """See `Processes.start`."""
        with output.open("ab") as file:
            self._running[folder] = subprocess.Popen(
                worker_command(folder), stdout=file, stderr=file, stdin=subprocess.DEVNULL, env=dict(environment)
            )

    def ended(self) -> dict[Path, int]:
        """See `Processes.ended`."""
        found = {folder: status for folder, one in self._running.items() if (status := one.poll()) is not None}
        self._running = {folder: one for folder, one in self._running.items() if folder not in found}
        return found

    def stop(self) -> None:
        """Ask every worker to end, then make it."""
        for one in self._running.values():
            one.terminate()
        for one in self._running.values():
            with contextlib.suppress(subprocess.TimeoutExpired):
                one.wait(STOP_SECONDS)
            one.kill()
            one.wait()
        self._running = {}


class ForkedProcesses:
    """Workers are forks of a nursery, which is started with the first one.

    Args:
        environment: Of the nursery; numbers of threads are read when libraries are loaded.
    """

    def __init__(self, environment: Mapping[str, str]) -> None:
        self.environment = dict(environment)
        self._nursery: subprocess.Popen[bytes] | None = None
        self._running: set[Path] = set()
        self._rest = b""

    def start(self, folder: Path, output: Path, environment: Mapping[str, str]) -> None:
        """See `Processes.start`."""
        if self._nursery is None:
            self._nursery = subprocess.Popen(
                [sys.executable, "-m", "downstream.grid.engines.nursery"],
                stdin=subprocess.PIPE,
                stdout=subprocess.PIPE,
                env=self.environment,
            )
            os.set_blocking(_pipe(self._nursery.stdout).fileno(), False)
        self._running.add(folder)
        self._order({"folder": str(folder), "output": str(output), "environment": dict(environment)})

    def ended(self) -> dict[Path, int]:
        """See `Processes.ended`; a nursery that died took its workers' places with it."""
        if self._nursery is None:
            return {}
        status = self._nursery.poll()
        with contextlib.suppress(BlockingIOError):
            while read := os.read(_pipe(self._nursery.stdout).fileno(), 65536):
                self._rest += read
        *lines, self._rest = self._rest.split(b"\n")
        found = {Path(line["folder"]): int(line["status"]) for line in map(json.loads, lines)}
        if status is not None:
            found = {**dict.fromkeys(self._running, status or 1), **found}
            self._close()
        self._running -= found.keys()
        return found

    def stop(self) -> None:
        """End the nursery and all its workers."""
        if self._nursery is None:
            return
        self._order("stop")
        with contextlib.suppress(subprocess.TimeoutExpired):
            self._nursery.wait(NURSERY_SECONDS)
        self._nursery.kill()
        self._nursery.wait()
        self._close()
        self._running = set()

    def _close(self) -> None:
        assert self._nursery is not None
        for pipe in (self._nursery.stdin, self._nursery.stdout):
            # What a dead nursery did not read is flushed in vain.
            with contextlib.suppress(BrokenPipeError):
                _pipe(pipe).close()
        self._nursery = None

    def _order(self, order: object) -> None:
        assert self._nursery is not None
        pipe = _pipe(self._nursery.stdin)
        # A nursery that died says so by its exit status.
        with contextlib.suppress(BrokenPipeError):
            pipe.write(json.dumps(order).encode() + b"\n")
            pipe.flush()


def _pipe(pipe: IO[bytes] | None) -> IO[bytes]:
    assert pipe is not None
    return pipe
