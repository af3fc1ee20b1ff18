"""The cells of a grid in work that are not finished yet: its runner writes them down, the report shows them."""

from __future__ import annotations

import json
import os
import socket
from collections.abc import Sequence
from dataclasses import asdict, dataclass
from pathlib import Path

from suite.files import make_dir, write_text


@dataclass(frozen=True, kw_only=True)
class PendingCell:
    """One cell that is computed or waits; the fields of its future rows, as far as it will have rows."""

    title: str
    """As the command's display names it: "detect/synthetic/diffif/seed1"."""
    task: str = ""
    dataset: str = ""
    fuser: str = ""
    variant: str = "full"
    seed: int | None = None
    condition: str = ""


@dataclass(frozen=True)
class Pending:
    """What is not finished."""

    cells: tuple[PendingCell, ...] = ()
    is_running: bool = False
    """Whether the process that computes them is alive; else it was interrupted."""


def write_pending(workdir: Path, cells: Sequence[PendingCell]) -> None:
    """Write the unfinished cells of the calling process; none: the file is removed."""
    path = _file(workdir)
    if not cells:
        path.unlink(missing_ok=True)
        return
    make_dir(path.parent)
    content = {"host": socket.gethostname(), "pid": os.getpid(), "cells": [asdict(cell) for cell in cells]}
    write_text(path, json.dumps(content))


def read_pending(workdir: Path) -> Pending:
    """The unfinished cells of the last grid of a working folder; none where the file is missing or damaged."""
    try:
        content = json.loads(_file(workdir).read_text(encoding="utf-8"))
        cells = tuple(PendingCell(**cell) for cell in content["cells"])
        return Pending(cells, _is_alive(str(content["host"]), int(content["pid"])))
    except (OSError, ValueError, KeyError, TypeError):
        return Pending()


def _file(workdir: Path) -> Path:
    return workdir / "report" / "pending.json"


def _is_alive(host: str, pid: int) -> bool:
    if host != socket.gethostname():
        # Another machine's process cannot be asked; a runner that ends removes the file.
        return True
    try:
        os.kill(pid, 0)
    except ProcessLookupError:
        return False
    except PermissionError:
        return True
    return True
