"""What is known about each cell, on the disk: done, failed, how long it took, who tried when.

<work>/cells/<cell id>/request.json      the cell and its place, for the worker
                       done.json         what it left behind, and its seconds
                       failed.json       why the last attempt failed
                       log.txt           everything that the attempts printed
                       attempts.jsonl    one line per beginning and end of a computation
                       lock, owner.json  see `lock`
"""

from __future__ import annotations

import json
import os
import socket
from collections.abc import Sequence
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import TypeVar

from downstream.grid.cell import Cell, Place, to_request
from suite.files import make_dir
from suite.records import utc_now, write_json
from suite.settings import from_mapping

T = TypeVar("T")

DONE, FAILED, LOG, ATTEMPTS, REQUEST = "done.json", "failed.json", "log.txt", "attempts.jsonl", "request.json"


@dataclass(frozen=True, kw_only=True)
class Done:
    """A finished cell."""

    title: str
    workload: str
    seconds: float
    finished: str
    """UTC, ISO 8601."""
    outputs: tuple[str, ...] = ()
    """Below the working folder."""


@dataclass(frozen=True, kw_only=True)
class Failure:
    """A cell whose last attempt failed."""

    title: str
    message: str
    finished: str
    seconds: float = 0.0


@dataclass(frozen=True)
class Ledger:
    """The cells of one working folder."""

    workdir: Path

    def folder(self, cell_id: str) -> Path:
        """Where everything about a cell lies."""
        return self.workdir / "cells" / cell_id

    def done(self, cell_id: str) -> Done | None:
        """The finished cell; None where it is not, or where what it left behind is gone."""
        found = _read(Done, self.folder(cell_id) / DONE)
        if found is None or any(not (self.workdir / name).exists() for name in found.outputs):
            return None
        return found

    def failure(self, cell_id: str) -> Failure | None:
        """Why the last attempt failed, if it did."""
        return _read(Failure, self.folder(cell_id) / FAILED)

    def write_request(self, cell: Cell, place: Place) -> Path:
        """Leave the cell for a worker; returns its folder."""
        folder = make_dir(self.folder(cell.cell_id))
        write_json(folder / REQUEST, to_request(cell, place))
        return folder

    def write_done(self, cell: Cell, outputs: Sequence[Path], seconds: float) -> None:
        """The last act of a successful attempt."""
        names = tuple(str(path.resolve().relative_to(self.workdir.resolve())) for path in outputs)
        content = Done(title=cell.title, workload=cell.workload, seconds=seconds, finished=utc_now(), outputs=names)
        self.clear_failure(cell.cell_id)
        write_json(self.folder(cell.cell_id) / DONE, asdict(content))

    def write_failure(self, cell_id: str, title: str, message: str, seconds: float = 0.0) -> None:
        """The last act of a failed attempt."""
        make_dir(self.folder(cell_id))
        content = Failure(title=title, message=message, finished=utc_now(), seconds=seconds)
        write_json(self.folder(cell_id) / FAILED, asdict(content))

    def clear_failure(self, cell_id: str) -> None:
        """Forget a failure, so that the cell is tried again."""
        (self.folder(cell_id) / FAILED).unlink(missing_ok=True)

    def log_attempt(self, cell_id: str, event: str) -> None:
        """Add a line to the history of a cell; `event` is "started", "done", "failed" or "interrupted"."""
        line = {"event": event, "time": utc_now(), "host": socket.gethostname(), "pid": os.getpid()}
        with (self.folder(cell_id) / ATTEMPTS).open("a", encoding="utf-8") as file:
            file.write(json.dumps(line) + "\n")

    def attempts(self, cell_id: str, event: str) -> int:
        """How often something happened to a cell."""
        path = self.folder(cell_id) / ATTEMPTS
        lines = path.read_text(encoding="utf-8").splitlines() if path.is_file() else []
        return sum(json.loads(line)["event"] == event for line in lines)

    def log_path(self, cell_id: str) -> Path:
        """Everything that the attempts printed."""
        return self.folder(cell_id) / LOG

    def append_log(self, cell_id: str, text: str) -> None:
        """Add to the log what a worker could not write itself."""
        with self.log_path(cell_id).open("a", encoding="utf-8") as file:
            file.write(text)

    def seconds_by_workload(self) -> dict[str, list[float]]:
        """How long finished cells took."""
        known: dict[str, list[float]] = {}
        for path in sorted((self.workdir / "cells").glob(f"*/{DONE}")):
            found = _read(Done, path)
            if found is not None:
                known.setdefault(found.workload, []).append(found.seconds)
        return known


def _read(cls: type[T], path: Path) -> T | None:
    try:
        content = json.loads(path.read_text(encoding="utf-8"))
    except FileNotFoundError:
        return None
    return from_mapping(cls, content)
