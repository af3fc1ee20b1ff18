"""Names of Python from outside: imported, checked, and known by the content of their file."""

from __future__ import annotations

from pathlib import Path

import pytest

from suite.errors import BenchError, ResultError, SettingsError
from suite.outside import code_digest, find_module, import_named, import_subclass, is_outside


class Mine(BenchError):
    """A class of no package of the suite."""


def test_a_name_is_imported_from_its_module() -> None:
    assert import_named("suite.errors:ResultError", "the error") is ResultError
    assert import_subclass("suite.errors:ResultError", BenchError, "the error") is ResultError


@pytest.mark.parametrize("place", ["no_such_module:Name", "suite.errors:NoSuchName", ":Name"])
def test_what_cannot_be_imported_is_said_with_what_was_expected(place: str) -> None:
    with pytest.raises(SettingsError, match=r"cannot import the error .*Expected package\.module:Class"):
        import_named(place, "the error")


def test_a_class_of_another_kind_is_refused() -> None:
    with pytest.raises(SettingsError, match=r"not a subclass of suite\.errors\.ResultError"):
        import_subclass("suite.errors:SettingsError", ResultError, "the error")
    with pytest.raises(SettingsError, match="not a subclass"):
        import_subclass("suite.outside:import_named", ResultError, "the error")


def test_the_digest_follows_the_file_of_a_module(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (tmp_path / "edited_module.py").write_text("NUMBER = 1\n")
    monkeypatch.syspath_prepend(tmp_path)
    assert import_named("edited_module:NUMBER", "the number") == 1
    before = code_digest("edited_module")
    (tmp_path / "edited_module.py").write_text("NUMBER = 2\n")
    assert len(before) == 64
    assert code_digest("edited_module") != before
    assert code_digest("a module that was never imported") == ""


def test_only_what_is_no_part_of_the_suite_is_outside() -> None:
    assert is_outside(Mine)
    assert not is_outside(ResultError)
    assert find_module("suite.errors") is not None
    assert find_module("no_such_module.inside") is None
