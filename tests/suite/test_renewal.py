"""The report of a grid in work: what is unfinished is written down, and one build at a time follows what changes."""

from __future__ import annotations

import json
import sys
import time
from pathlib import Path

import pytest

from suite.pending import PendingCell, read_pending, write_pending
from suite.renewal import ReportRenewal

CELL = PendingCell(title="detect/llvip/max/seed1", task="detect", dataset="llvip", fuser="max", seed=1)
BUILDER = """
import pathlib, sys, time
folder = pathlib.Path(sys.argv[1]) / "report"
with (folder / "builds.txt").open("a") as file:
    file.write((folder / "pending.json").read_text().count("title") * "x" + "\\n")
while not (folder / "go").exists():
    time.sleep(0.02)
"""


@pytest.fixture
def renewal(tmp_path: Path) -> ReportRenewal:
    return ReportRenewal(tmp_path, command=(sys.executable, "-c", BUILDER))


def builds(workdir: Path) -> list[int]:
    path = workdir / "report" / "builds.txt"
    return [len(line) for line in path.read_text(encoding="utf-8").splitlines()] if path.is_file() else []


def wait_for(condition, seconds: float = 60) -> None:
    end = time.monotonic() + seconds
    while not condition():
        assert time.monotonic() < end, "nothing happened"
        time.sleep(0.02)


def test_unfinished_cells_are_read_back_and_an_ended_process_is_known(tmp_path: Path) -> None:
    write_pending(tmp_path, [CELL])
    found = read_pending(tmp_path)
    assert found.cells == (CELL,)
    assert found.is_running
    path = tmp_path / "report" / "pending.json"
    content = json.loads(path.read_text(encoding="utf-8"))
    # The largest process id of a Linux kernel is 2**22.
    path.write_text(json.dumps({**content, "pid": 2**22 + 1}), encoding="utf-8")
    assert not read_pending(tmp_path).is_running
    write_pending(tmp_path, [])
    assert read_pending(tmp_path).cells == ()
    path.write_text("{", encoding="utf-8")
    assert read_pending(tmp_path).cells == ()


def test_one_build_at_a_time_and_the_last_change_is_built(tmp_path: Path, renewal: ReportRenewal) -> None:
    renewal.renew([CELL, CELL, CELL])
    wait_for(lambda: builds(tmp_path) == [3])
    renewal.renew([CELL, CELL])
    renewal.renew([CELL])
    renewal.poll()
    assert builds(tmp_path) == [3]
    (tmp_path / "report" / "go").touch()

    def settled() -> bool:
        renewal.poll()
        return builds(tmp_path) == [3, 1]

    wait_for(settled)
    renewal.finish()
    assert read_pending(tmp_path).cells == ()
    assert builds(tmp_path) == [3, 1]


def test_a_build_that_fails_stops_nothing(tmp_path: Path) -> None:
    renewal = ReportRenewal(tmp_path, command=(sys.executable, "-c", "raise SystemExit(1)"))
    renewal.renew([CELL])
    renewal.finish([CELL])
    assert read_pending(tmp_path).cells == (CELL,)
