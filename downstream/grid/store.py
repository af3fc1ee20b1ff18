"""What is known about each cell, on the disk: done, failed, how long it took, who tried when.

<work>/cells/<cell id>/request.json      the cell and its place, for the worker
                       log.txt           everything that the attempts printed
                       attempts.jsonl    one line per beginning and end of a computation
                       failed.json       why the last attempt failed
                       lock, owner.json  see `lock`
                       result.json ...   the record of a cell that publishes numbers (`suite.records`): it is done
                       done.json         of every other cell: it is done, and what it left behind
"""

from __future__ import annotations

import json
import os
import socket
from collections.abc import Iterator, Sequence
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any, TypeVar

from downstream.grid.cell import Cell, Place, to_request
from suite.errors import ResultError
from suite.files import make_dir
from suite.records import cell_dir, is_done, utc_now, write_json
from suite.settings import from_mapping

T = TypeVar("T")

DONE, FAILED, LOG, ATTEMPTS, REQUEST = "done.json", "failed.json", "log.txt", "attempts.jsonl", "request.json"


@dataclass(frozen=True, kw_only=True)
class Done:
    """A finished cell that publishes no record."""

    title: str
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
class CellStore:
    """The cells of one working folder."""

    workdir: Path

    def folder(self, cell_id: str) -> Path:
        """Where everything about a cell lies."""
        return cell_dir(self.workdir, cell_id)

    def is_done(self, cell_id: str) -> bool:
        """Whether the cell is finished and what it left behind is still there."""
        if is_done(self.workdir, cell_id):
            return True
        found = _read(Done, self.folder(cell_id) / DONE)
        return found is not None and all((self.workdir / name).exists() for name in found.outputs)

    def outputs(self, cell_id: str) -> tuple[Path, ...]:
        """What a finished cell left behind, in the order in which it said so.

        Raises:
            ResultError: the cell is not finished.
        """
        found = _read(Done, self.folder(cell_id) / DONE)
        if found is None:
            raise ResultError(f"{self.folder(cell_id)} is not finished. Run the same command again.")
        return tuple(self.workdir / name for name in found.outputs)

    def failure(self, cell_id: str) -> Failure | None:
        """Why the last attempt failed, if it did."""
        return _read(Failure, self.folder(cell_id) / FAILED)

    def write_request(self, cell: Cell, place: Place) -> Path:
        """Leave the cell for a worker; returns its folder."""
        folder = make_dir(self.folder(cell.cell_id))
        write_json(folder / REQUEST, to_request(cell, place))
        return folder

    def write_done(self, cell: Cell, outputs: Sequence[Path]) -> None:
        """The last act of a successful attempt; a record that was published says so by itself."""
        self.clear_failure(cell.cell_id)
        if is_done(self.workdir, cell.cell_id):
            return
        names = tuple(str(path.resolve().relative_to(self.workdir.resolve())) for path in outputs)
        content = Done(title=cell.title, finished=utc_now(), outputs=names)
        write_json(self.folder(cell.cell_id) / DONE, asdict(content))

    def write_failure(self, cell_id: str, title: str, message: str, seconds: float = 0.0) -> None:
        """The last act of a failed attempt."""
        make_dir(self.folder(cell_id))
        content = Failure(title=title, message=message, finished=utc_now(), seconds=seconds)
        write_json(self.folder(cell_id) / FAILED, asdict(content))

    def clear_failure(self, cell_id: str) -> None:
        """Forget a failure, so that the cell is tried again."""
        (self.folder(cell_id) / FAILED).unlink(missing_ok=True)

    def log_attempt(self, cell_id: str, event: str, **facts: str | float) -> None:
        """Add a line to the history of a cell; `event` is "started", "done", "failed" or "interrupted"."""
        line = {"event": event, "time": utc_now(), "host": socket.gethostname(), "pid": os.getpid(), **facts}
        with (self.folder(cell_id) / ATTEMPTS).open("a", encoding="utf-8") as file:
            file.write(json.dumps(line) + "\n")

    def attempts(self, cell_id: str, event: str) -> int:
        """How often something happened to a cell."""
        return sum(line["event"] == event for line in _read_lines(self.folder(cell_id) / ATTEMPTS))

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
        for path in sorted((self.workdir / "cells").glob(f"*/{ATTEMPTS}")):
            for line in _read_lines(path):
                if line["event"] == "done":
                    known.setdefault(str(line["workload"]), []).append(float(line["seconds"]))
        return known


def _read_lines(path: Path) -> Iterator[dict[str, Any]]:
    text = path.read_text(encoding="utf-8") if path.is_file() else ""
    # The last line may have been cut off by a kill.
    for line in text[: text.rfind("\n") + 1].splitlines():
        yield json.loads(line)


def _read(cls: type[T], path: Path) -> T | None:
    try:
        content = json.loads(path.read_text(encoding="utf-8"))
    except FileNotFoundError:
        return None
    return from_mapping(cls, content)
