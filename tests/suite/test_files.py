"""Files and folders are complete or absent, whatever happens in between."""

from __future__ import annotations

from pathlib import Path

import pytest

from suite.errors import WorkdirError
from suite.files import make_dir, publish_dir, write_dir, write_file, write_text


def names(folder: Path) -> list[str]:
    return sorted(path.name for path in folder.iterdir())


def test_a_written_file_is_there_and_nothing_else(tmp_path: Path) -> None:
    write_text(tmp_path / "deep/er/a.txt", "ä")
    assert (tmp_path / "deep/er/a.txt").read_text(encoding="utf-8") == "ä"
    assert names(tmp_path / "deep/er") == ["a.txt"]


def fail_half_way_through_a_file(target: Path) -> None:
    with write_file(target) as temporary:
        temporary.write_text("half")
        raise RuntimeError


def fail_half_way_through_a_folder(target: Path) -> None:
    with write_dir(target) as temporary:
        (temporary / "a").write_text("half")
        raise RuntimeError


def test_a_failed_write_leaves_the_old_file(tmp_path: Path) -> None:
    target = tmp_path / "a.txt"
    write_text(target, "old")
    with pytest.raises(RuntimeError):
        fail_half_way_through_a_file(target)
    assert target.read_text() == "old"
    assert names(tmp_path) == ["a.txt"]


def test_the_temporary_name_keeps_the_suffix(tmp_path: Path) -> None:
    with write_file(tmp_path / "a.png") as temporary:
        assert temporary.suffix == ".png"
        temporary.write_bytes(b"x")


def test_a_failed_folder_leaves_nothing(tmp_path: Path) -> None:
    with pytest.raises(RuntimeError):
        fail_half_way_through_a_folder(tmp_path / "out")
    assert names(tmp_path) == []


def test_a_finished_folder_appears_whole(tmp_path: Path) -> None:
    with write_dir(tmp_path / "out") as temporary:
        (temporary / "a").write_text("whole")
        assert not (tmp_path / "out").exists()
    assert names(tmp_path) == ["out"]
    assert names(tmp_path / "out") == ["a"]


def test_the_folder_that_was_finished_first_wins(tmp_path: Path) -> None:
    (tmp_path / "out").mkdir()
    (tmp_path / "out/first").write_text("")
    (tmp_path / "second").mkdir()
    (tmp_path / "second/second").write_text("")
    publish_dir(tmp_path / "second", tmp_path / "out")
    assert names(tmp_path / "out") == ["first"]
    assert names(tmp_path) == ["out"]


def test_a_file_in_the_way_is_told(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("")
    with pytest.raises(WorkdirError, match=r"cannot make the folder .*file.*--workdir or --out"):
        make_dir(tmp_path / "file" / "sub")


def test_a_folder_without_write_permission_is_told(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    # Tests may run as root, for whom every folder is writable.
    monkeypatch.setattr("os.access", lambda *_: False)
    with pytest.raises(WorkdirError, match="is not writable"):
        make_dir(tmp_path)
