"""How commands end: expected errors as one block, and never status 0 on failure."""

from __future__ import annotations

import errno

import pytest

from suite.command import given_words, run_command
from suite.errors import DatasetError


def fail(error: BaseException) -> int:
    raise error


def test_the_status_of_the_body_is_handed_on() -> None:
    assert run_command(lambda: 0) == 0
    assert run_command(lambda: 3) == 3


def test_an_expected_error_is_one_block_and_status_one(capsys: pytest.CaptureFixture[str]) -> None:
    assert run_command(lambda: fail(DatasetError("no folder x"))) == 1
    assert capsys.readouterr().err == "error: no folder x\n"


def test_debug_shows_the_traceback() -> None:
    with pytest.raises(DatasetError):
        run_command(lambda: fail(DatasetError("x")), debug=True)


def test_a_full_disk_says_what_to_do(capsys: pytest.CaptureFixture[str]) -> None:
    assert run_command(lambda: fail(OSError(errno.ENOSPC, "No space left on device", "out.png"))) == 1
    told = capsys.readouterr().err
    assert "no space left on the disk while writing out.png." in told
    assert "finished work is kept" in told
    assert run_command(lambda: fail(OSError(errno.ENOSPC, "No space left on device"))) == 1
    assert "no space left on the disk. Free some space" in capsys.readouterr().err


def test_our_own_bugs_keep_their_traceback() -> None:
    with pytest.raises(ZeroDivisionError):
        run_command(lambda: fail(ZeroDivisionError()))
    with pytest.raises(OSError, match="permission"):
        run_command(lambda: fail(OSError(errno.EACCES, "permission")))


def test_a_package_that_is_not_installed_is_named(capsys: pytest.CaptureFixture[str]) -> None:
    missing = ModuleNotFoundError("No module named 'seaborn.objects'", name="seaborn.objects")
    assert run_command(lambda: fail(missing)) == 1
    assert "this command needs the Python package 'seaborn', which is not installed" in capsys.readouterr().err
    with pytest.raises(ModuleNotFoundError):
        run_command(lambda: fail(ModuleNotFoundError("No module named 'reports.absent'", name="reports.absent")))


def test_ctrl_c_is_status_130(capsys: pytest.CaptureFixture[str]) -> None:
    assert run_command(lambda: fail(KeyboardInterrupt())) == 130
    assert "finished work is kept" in capsys.readouterr().err


def test_without_words_of_its_own_a_command_takes_those_of_the_process(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("sys.argv", ["module", "--debug"])
    assert given_words(None) == ["--debug"]
    assert given_words([]) == []
