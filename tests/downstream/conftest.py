"""Tiny datasets on disk, and a miniature laboratory, for the tests of the downstream tasks."""

from __future__ import annotations

import contextlib
import os
import signal
import subprocess
import sys
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from suite.records import read_per_image, read_record, record_dirs

StartRunner = Callable[..., "subprocess.Popen[bytes]"]
REPOSITORY = Path(__file__).resolve().parents[2]


@pytest.fixture
def worker_path(monkeypatch: pytest.MonkeyPatch) -> None:
    """Worker processes of a grid can import the cells that the tests define."""
    monkeypatch.setenv("PYTHONPATH", os.pathsep.join([str(REPOSITORY), os.environ.get("PYTHONPATH", "")]))


@pytest.fixture
def start_runner(worker_path: None) -> Iterator[StartRunner]:
    """Start `python -m MODULE ARGUMENTS` in a process group of its own; whatever of it is left at the end is killed."""
    runners: list[subprocess.Popen[bytes]] = []

    def start(module: str, *arguments: str) -> subprocess.Popen[bytes]:
        runners.append(subprocess.Popen([sys.executable, "-m", module, *arguments], start_new_session=True))
        return runners[-1]

    yield start
    for runner in runners:
        kill_group(runner)


def check_equal_numbers(first: Path, second: Path) -> None:
    """Two working folders hold the same cells with the same numbers, save how long the fuser took."""
    one, two = (
        sorted(map(read_record, record_dirs(work)), key=lambda record: record.cell_id) for work in (first, second)
    )
    assert [record.cell_id for record in one] == [record.cell_id for record in two]
    for record, other in zip(one, two, strict=True):
        rows, others = ([str(row) for row in found.rows if row.unit != "ms"] for found in (record, other))
        assert rows == others
        assert record.path is not None
        assert other.path is not None
        assert read_per_image(record.path).equals(read_per_image(other.path))


def kill_group(runner: subprocess.Popen[bytes]) -> None:
    """The runner and all its workers at once, as when a machine goes down."""
    # The group may have ended by itself.
    with contextlib.suppress(ProcessLookupError):
        os.killpg(runner.pid, signal.SIGKILL)
    runner.wait()
