"""A task from outside is a class: planned, computed, recorded and printed like the tasks of the table."""

from __future__ import annotations

from pathlib import Path

import pytest

from downstream.api import run_task
from downstream.compare.__main__ import main
from downstream.tasks import TASKS, get_task
from suite.errors import BenchError, ResultError, SettingsError, UnknownName
from suite.records import read_record, record_dirs

TINY = {"num_train": 1, "num_val": 1, "num_test": 2, "height": 64, "width": 80}
OWN = "tests.downstream.own_task:BrightnessCell"


def compare(work: Path, *more: str) -> int:
    drawn = ["--synthetic", *(f"{key}={value}" for key, value in TINY.items())]
    return main(["--fusers", "average", "--tasks", OWN, *drawn, "--device", "cpu", "--workdir", str(work), *more])


def test_an_own_task_is_computed_recorded_and_reported(
    tmp_path: Path, worker_path: None, capsys: pytest.CaptureFixture[str]
) -> None:
    assert compare(tmp_path) == 0
    (record,) = map(read_record, record_dirs(tmp_path))
    assert (record.task, record.rows[0].metric, record.rows[0].fuser) == ("brightness", "level", "average")
    assert "brightness on synthetic/test" in capsys.readouterr().out
    assert "Level" in (tmp_path / "report" / "index.html").read_text()


def test_its_settings_are_changed_by_its_kind_and_a_failure_ends_with_status_1(
    tmp_path: Path, worker_path: None, capsys: pytest.CaptureFixture[str]
) -> None:
    assert compare(tmp_path, "--no-report", "--set", "brightness.most=1") == 1
    assert "an image has the level" in capsys.readouterr().out
    assert compare(tmp_path, "--dry-run", "--set", "brightness.mots=1") == 1
    assert "Did you mean 'brightness.most'" in capsys.readouterr().err


@pytest.mark.parametrize("name", TASKS)
def test_every_task_of_the_table_is_there_under_the_kind_of_its_cells(name: str) -> None:
    task = get_task(name)
    assert task.kind == name
    assert set(task.laboratory) <= set(task.settings_type().__dataclass_fields__)
    task.settings_type()(**task.laboratory)


@pytest.mark.parametrize(
    ("name", "error", "message"),
    [
        ("detekt", UnknownName, "Did you mean 'detect'"),
        ("tests.downstream.own_task:Nothing", SettingsError, "cannot import the task"),
        ("tests.downstream.own_task:BrightnessSettings", SettingsError, "not a subclass"),
    ],
)
def test_what_is_no_task_is_refused(name: str, error: type[BenchError], message: str) -> None:
    with pytest.raises(error, match=message):
        get_task(name)


def test_a_call_whose_cell_fails_raises_with_the_reason(tmp_path: Path, worker_path: None) -> None:
    with pytest.raises(UnknownName, match="Did you mean 'quality'"):
        run_task("qualty")
    with pytest.raises(ResultError, match=r"1 cell of the task quality failed:\n  fuse/synthetic/.*: a bug of its own"):
        run_task(
            "quality",
            ["tests.downstream.own_fuser:Broken"],
            workdir=tmp_path,
            synthetic=TINY,
            device="cpu",
            metrics="en",
        )
