"""The lock of a cell: one holder, none after its death, and other machines judged by their signs of life."""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
import threading
import time
from pathlib import Path

import pytest

from downstream.grid import lock
from downstream.grid.lock import OWNER, CellLock, is_held

PATIENCE_SECONDS = 120
HOLDER = """
import sys, time
from pathlib import Path
from downstream.grid.lock import CellLock
assert CellLock(Path(sys.argv[1])).acquire()
print("held", flush=True)
time.sleep(600)
"""


@pytest.fixture
def quick(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(lock, "SETTLE_SECONDS", 0.0)


def leave_owner(folder: Path, *, machine: str, silent_for: float) -> None:
    """What a holder on another machine wrote, whose kernel's lock we do not see."""
    folder.mkdir(exist_ok=True)
    path = folder / OWNER
    path.write_text(json.dumps({"machine": machine, "host": "far", "pid": 1, "token": "theirs"}))
    then = time.time() - silent_for
    os.utime(path, (then, then))


def test_only_one_of_two_gets_the_lock_and_it_is_free_afterwards(tmp_path: Path) -> None:
    with CellLock(tmp_path) as first, CellLock(tmp_path) as second:
        assert (first, second) == (True, False)
        assert is_held(tmp_path)
    assert not is_held(tmp_path)
    assert not (tmp_path / OWNER).exists()
    with CellLock(tmp_path) as again:
        assert again


def test_a_lock_ends_with_a_process_that_is_killed(tmp_path: Path, worker_path: None) -> None:
    with subprocess.Popen([sys.executable, "-c", HOLDER, str(tmp_path)], stdout=subprocess.PIPE, text=True) as holder:
        assert holder.stdout is not None
        assert holder.stdout.readline() == "held\n"
        assert is_held(tmp_path)
        holder.send_signal(signal.SIGKILL)
        holder.wait()
    assert not is_held(tmp_path)
    # Its owner.json is still there, fresh, and must not keep anybody out.
    assert (tmp_path / OWNER).exists()
    with CellLock(tmp_path) as ours:
        assert ours


def test_a_living_holder_on_another_machine_keeps_us_out(tmp_path: Path, quick: None) -> None:
    leave_owner(tmp_path, machine="another", silent_for=20)
    (tmp_path / lock.LOCK).touch()
    assert is_held(tmp_path)
    with CellLock(tmp_path) as ours:
        assert not ours
    assert json.loads((tmp_path / OWNER).read_text())["token"] == "theirs"


def test_a_silent_holder_on_another_machine_loses_its_lock(tmp_path: Path, quick: None) -> None:
    leave_owner(tmp_path, machine="another", silent_for=500)
    ours = CellLock(tmp_path)
    assert ours.acquire()
    assert json.loads((tmp_path / OWNER).read_text())["token"] == ours.token
    ours.release()
    assert sorted(path.name for path in tmp_path.iterdir()) == [lock.LOCK]


def test_of_two_that_take_over_the_later_one_gives_the_file_back(tmp_path: Path, quick: None) -> None:
    leave_owner(tmp_path, machine="rival", silent_for=500)
    late = CellLock(tmp_path)
    # The late one looked while somebody else's token was there; meanwhile the rival took over.
    assert not late._take_over("the dead one's token")
    assert json.loads((tmp_path / OWNER).read_text())["token"] == "theirs"


def test_an_owner_file_that_was_cut_off_is_judged_by_its_silence(tmp_path: Path, quick: None) -> None:
    (tmp_path / OWNER).write_text("")
    with CellLock(tmp_path) as ours:
        assert not ours
    with CellLock(tmp_path, stale_seconds=0.0) as ours:
        assert ours


def test_a_holder_that_was_silent_for_too_long_learns_that_it_lost(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(lock, "HEARTBEAT_SECONDS", 0.02)
    lost = threading.Event()
    with CellLock(tmp_path, on_lost=lost.set):
        leave_owner(tmp_path, machine="another", silent_for=0)
        assert lost.wait(PATIENCE_SECONDS)
    assert json.loads((tmp_path / OWNER).read_text())["token"] == "theirs"


def test_a_holder_whose_rival_has_already_finished_learns_that_it_lost(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(lock, "HEARTBEAT_SECONDS", 0.02)
    lost = threading.Event()
    with CellLock(tmp_path, on_lost=lost.set):
        (tmp_path / OWNER).unlink()
        assert lost.wait(PATIENCE_SECONDS)


def test_a_process_that_lost_its_lock_ends(tmp_path: Path, worker_path: None) -> None:
    code = (
        "import sys, time; from pathlib import Path; from downstream.grid import lock; lock.HEARTBEAT_SECONDS = 0.02; "
        "assert lock.CellLock(Path(sys.argv[1])).acquire(); (Path(sys.argv[1]) / lock.OWNER).unlink(); time.sleep(600)"
    )
    ended = subprocess.run([sys.executable, "-c", code, str(tmp_path)], capture_output=True, text=True, check=False)
    assert ended.returncode == lock.LOST_STATUS
    assert "another machine took this cell over" in ended.stderr


def test_giving_the_lock_back_is_not_losing_it(tmp_path: Path) -> None:
    lost = threading.Event()
    ours = CellLock(tmp_path, on_lost=lost.set)
    assert ours.acquire()
    ours.release()
    # A beat that began before the release and looks after it.
    ours._beat()
    assert not lost.is_set()


def test_a_holder_gives_signs_of_life(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(lock, "HEARTBEAT_SECONDS", 0.02)
    with CellLock(tmp_path):
        os.utime(tmp_path / OWNER, (0, 0))
        deadline = time.monotonic() + PATIENCE_SECONDS
        while (tmp_path / OWNER).stat().st_mtime == 0:
            assert time.monotonic() < deadline
            time.sleep(0.01)
