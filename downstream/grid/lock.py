"""One holder per cell, and no lock that outlives its holder.

On one machine the kernel keeps the lock (flock): it ends with the process that holds it, however that dies. A shared
network folder may not carry flock between machines, so the holder also keeps a small file alive, `owner.json`, whose
time of change tells the others that somebody is at work; the lock counts as abandoned when it falls silent.
"""

from __future__ import annotations

import contextlib
import json
import os
import socket
import sys
import threading
import time
import uuid
from collections.abc import Callable
from pathlib import Path
from types import TracebackType

from filelock import FileLock, Timeout

from suite.files import make_dir

HEARTBEAT_SECONDS = 10.0
STALE_SECONDS = 120.0
"""A holder on another machine that was silent for this long is taken for dead: twelve heartbeats."""
SETTLE_SECONDS = 1.0
"""After taking over from another machine: time in which a rival that did the same shows up."""
LOST_STATUS = 75
"""Exit status of a process whose lock is gone: as for a cell that another process computes."""
LOCK, OWNER = "lock", "owner.json"


class CellLock:
    """The right to compute one cell.

    Args:
        folder: The cell's folder.
        machine: Who we are; processes that give the same name share a kernel.
        stale_seconds: Silence after which a holder on another machine is taken for dead.
        on_lost: Called when another machine took over, because this one was silent for too long (a laptop that slept).
            By default the process ends at once: two must not write one cell.
    """

    def __init__(
        self,
        folder: Path,
        *,
        machine: str = "",
        stale_seconds: float = STALE_SECONDS,
        on_lost: Callable[[], None] | None = None,
    ) -> None:
        self.folder = folder
        self.machine = machine or this_machine()
        self.stale_seconds = stale_seconds
        self.on_lost = on_lost or _leave
        self.token = uuid.uuid4().hex
        self._flock = FileLock(folder / LOCK)
        self._owner = folder / OWNER
        self._released = threading.Event()

    def acquire(self) -> bool:
        """Take the lock if it is free; never waits for a living holder."""
        make_dir(self.folder)
        try:
            self._flock.acquire(timeout=0)
        except Timeout:
            return False
        if not self._claim():
            self._flock.release()
            return False
        self._released.clear()
        threading.Thread(target=self._keep_alive, daemon=True).start()
        return True

    def release(self) -> None:
        """Give the lock back."""
        self._released.set()
        if _token_of(self._owner) == self.token:
            self._owner.unlink(missing_ok=True)
        self._flock.release()

    def held_elsewhere(self) -> bool:
        """Whether a living holder on another machine has it; the kernel knows about this machine."""
        found = _read_owner(self._owner)
        return found is not None and found.get("machine") != self.machine and self._silence() < self.stale_seconds

    def __enter__(self) -> bool:
        return self.acquire()

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        if self._flock.is_locked:
            self.release()

    def _claim(self) -> bool:
        """Write `owner.json`, which only other machines read."""
        found = _read_owner(self._owner)
        if found is None:
            return self._write_owner()
        if found.get("machine") == self.machine:
            # We hold the kernel's lock, so whoever wrote this is dead.
            self._owner.unlink(missing_ok=True)
            return self._write_owner()
        if self.held_elsewhere():
            return False
        return self._take_over(str(found.get("token")))

    def _take_over(self, stale_token: str) -> bool:
        grave = self._owner.with_name(f"owner-{self.token}.json")
        try:
            self._owner.rename(grave)
        except FileNotFoundError:
            return False
        rival = _token_of(grave) != stale_token
        if rival:
            # Between our look and our rename another machine took over: hand its file back.
            _link_back(grave, self._owner)
        grave.unlink(missing_ok=True)
        if rival or not self._write_owner():
            return False
        time.sleep(SETTLE_SECONDS)
        return _token_of(self._owner) == self.token

    def _write_owner(self) -> bool:
        content = {"machine": self.machine, "host": socket.gethostname(), "pid": os.getpid(), "token": self.token}
        try:
            with self._owner.open("x", encoding="utf-8") as file:
                json.dump(content, file)
        except FileExistsError:
            return False
        return True

    def _silence(self) -> float:
        """Seconds since the holder's last sign of life, by the file server's clock."""
        probe = self.folder / f"clock-{self.token}"
        probe.touch()
        try:
            return probe.stat().st_mtime - self._owner.stat().st_mtime
        except FileNotFoundError:
            return 0.0
        finally:
            probe.unlink(missing_ok=True)

    def _keep_alive(self) -> None:
        while not self._released.wait(HEARTBEAT_SECONDS):
            # A file server that hiccups once must not end the signs of life.
            with contextlib.suppress(OSError):
                self._beat()

    def _beat(self) -> None:
        """One sign of life; a file that is gone or another's means that the lock is."""
        found = _token_of(self._owner)
        if found == self.token:
            os.utime(self._owner)
        elif not self._released.is_set():
            self.on_lost()


def is_held(folder: Path) -> bool:
    """Whether somebody computes the cell of this folder now."""
    if not (folder / LOCK).is_file():
        return False
    probe = FileLock(folder / LOCK)
    try:
        probe.acquire(timeout=0)
    except Timeout:
        return True
    probe.release()
    return CellLock(folder).held_elsewhere()


def this_machine() -> str:
    """Equal for all processes under one kernel, containers included, and for no others."""
    boot = Path("/proc/sys/kernel/random/boot_id")
    return boot.read_text(encoding="ascii").strip() if boot.is_file() else socket.gethostname()


def _read_owner(path: Path) -> dict[str, object] | None:
    try:
        found = json.loads(path.read_text(encoding="utf-8"))
    except FileNotFoundError:
        return None
    except ValueError:
        # Its writer was killed between opening and writing: a holder without a name, judged by its silence.
        return {}
    return found if isinstance(found, dict) else {}


def _token_of(path: Path) -> str:
    return str((_read_owner(path) or {}).get("token"))


def _leave() -> None:
    print("another machine took this cell over, since this one was silent for too long.", file=sys.stderr, flush=True)
    os._exit(LOST_STATUS)


def _link_back(source: Path, target: Path) -> None:
    try:
        os.link(source, target)
    except OSError:
        return
