"""The detection command from end to end, on a miniature laboratory."""

from __future__ import annotations

import json
import subprocess
import sys
import time
from pathlib import Path

import pytest

from downstream.detect.__main__ import main
from downstream.trainings import read_curve
from suite.records import read_per_image, read_record, record_dirs
from tests.downstream.conftest import StartRunner, check_equal_numbers, kill_group

TINY = ["--synthetic", "num_train=12", "num_val=4", "num_test=5", "height=64", "width=96"]
SHORT = ["--seeds", "0", "--imgsz", "64", "--batch", "4", "--resamples", "20", "--device", "cpu", "--no-report"]


@pytest.fixture(scope="module")
def work(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """One finished run of one epoch."""
    folder = tmp_path_factory.mktemp("detect")
    assert main(["--fuser", "average", *TINY, "--epochs", "1", *SHORT, "--workdir", str(folder)]) == 0
    return folder


def test_one_command_leaves_a_complete_record(work: Path) -> None:
    (record,) = map(read_record, record_dirs(work))
    values = {row.metric: row for row in record.rows}
    assert {"map50", "map50_95", "precision", "recall", "ap50/person", "map50/evidence:infrared"} <= set(values)
    assert values["map50"].n == 5
    assert values["map50"].protocol == "retrain"
    for row in values.values():
        assert row.no_interval or row.value != row.value or row.ci_low <= row.value <= row.ci_high, row.metric
    assert record.command.startswith("python -m downstream.detect --fuser average")
    assert record.path is not None
    per_image = read_per_image(record.path)
    assert set(per_image["metric"]) == {"f1", "map50", "tp", "fp", "fn"}
    assert per_image["id"].nunique() == 5


def test_the_artefacts_are_what_the_report_expects(work: Path) -> None:
    (record,) = map(read_record, record_dirs(work))
    assert record.path is not None
    artefacts = record.path / "artefacts"
    curve = json.loads((artefacts / "pr_curve.json").read_text())
    assert len(curve["recall"]) == len(curve["precision"]["all"]) == 101
    assert len(json.loads((artefacts / "bootstrap.json").read_text())["replicates"]["map50_95"]) == 20
    gallery = json.loads((artefacts / "gallery.json").read_text())
    assert gallery
    for entry in gallery:
        assert entry["size"] == [64, 96]
        for kind in ("visible", "infrared", "fused"):
            assert (artefacts / entry[kind]).is_file()
        assert all(isinstance(box[4], str) for box in entry["boxes_truth"])
    predictions = json.loads((artefacts / "predictions.json").read_text())
    assert len(predictions["images"]) == 5


def test_a_finished_cell_is_not_computed_again(work: Path, capsys: pytest.CaptureFixture[str]) -> None:
    before = {path: path.stat().st_mtime_ns for path in work.rglob("*") if path.is_file()}
    assert main(["--fuser", "average", *TINY, "--epochs", "1", *SHORT, "--workdir", str(work)]) == 0
    assert "cached" in capsys.readouterr().out
    after = {path: path.stat().st_mtime_ns for path in work.rglob("*") if path.is_file()}
    assert after == before
    assert {path.name.partition("-")[0] for path in work.glob("cells/*")} == {"data", "fuse", "detector", "detect"}


@pytest.mark.slow
def test_two_cells_at_a_time_give_the_numbers_of_one_at_a_time(tmp_path: Path) -> None:
    command = ["--fuser", "average", "visible", *TINY, "--epochs", "2", *SHORT, "--workdir"]
    assert main([*command, str(tmp_path / "one"), "--jobs", "1"]) == 0
    assert main([*command, str(tmp_path / "two")]) == 0
    assert len(record_dirs(tmp_path / "one")) == 2
    check_equal_numbers(tmp_path / "one", tmp_path / "two")


def test_nothing_is_written_beside_the_workdir(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    status = main(["--fuser", "visible", *TINY, "--epochs", "1", *SHORT, "--workdir", str(tmp_path / "work")])
    assert status == 0
    assert [path.name for path in tmp_path.iterdir()] == ["work"]
    assert not list((tmp_path / "work").glob("*.partial-*"))


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        (["--fuser", "avrage"], "Did you mean 'average'"),
        (["--fuser", "average", "--dataset", "lvip", "--root", "."], "Did you mean 'llvip'"),
        (["--fuser", "average", "--dataset", "llvip", "--root", "nowhere", "--model", "yolov8n.yaml"], "no folder"),
        (["--fuser", "average", "--dataset", "llvip"], "--root DIR"),
        (["--fuser", "average", "--model", "yolov8n.pt"], "--model yolov8n.yaml"),
        (["--fuser", "average", "--imgsz", "65"], "multiple of 32"),
        (["--fuser", "average", "--seeds", "-1"], "--seeds"),
        (["--fuser", "average", "--seeds", "1", "1"], "a seed twice"),
        (["--fuser", "average", "--device", "gpu"], "--device"),
    ],
)
def test_bad_input_ends_with_status_1_before_any_work(
    arguments: list[str],
    message: str,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
) -> None:
    monkeypatch.chdir(tmp_path)
    assert main([*arguments, "--workdir", str(tmp_path / "work")]) == 1
    assert message in capsys.readouterr().err
    assert not list(tmp_path.glob("work/fused/*"))


@pytest.mark.slow
def test_a_frozen_detector_is_trained_once_and_judges_every_fuser(tmp_path: Path) -> None:
    arguments = ["--fuser", "average", "--fuser", "infrared", "--protocol", "frozen", "--frozen-on", "visible"]
    assert main([*arguments, *TINY, "--epochs", "1", *SHORT, "--workdir", str(tmp_path)]) == 0
    records = list(map(read_record, record_dirs(tmp_path)))
    assert {row.fuser for record in records for row in record.rows} == {"average", "infrared"}
    assert {row.protocol for record in records for row in record.rows} == {"frozen-visible"}
    assert len(list(tmp_path.glob("cells/detector-*/done.json"))) == 1


@pytest.mark.slow
def test_coco_weights_can_judge_as_they_are(tmp_path: Path, shared: Path) -> None:
    weights = str(shared / "weights" / "yolov8n_coco_restored.pt")
    arguments = ["--fuser", "average", "--protocol", "frozen", "--frozen-on", "model", "--model", weights]
    assert main([*arguments, *TINY, *SHORT, "--workdir", str(tmp_path)]) == 0
    assert not list(tmp_path.glob("cells/detector-*"))


@pytest.mark.slow
def test_kill_minus_9_in_training_changes_no_number(tmp_path: Path, shared: Path, start_runner: StartRunner) -> None:
    # Trained weights, so that there are predictions to differ; 12 images in batches of 4 leave gradients pending
    # between epochs, since an optimiser step waits for 64 images.
    weights = str(shared / "weights" / "yolov8n_coco_restored.pt")
    command = ["--fuser", "average", *TINY, "--model", weights, "--epochs", "12", "--nominal-batch", "64", *SHORT]
    killed, whole = tmp_path / "killed", tmp_path / "whole"
    for num_epochs in (1, 4):
        runner = start_runner("downstream.detect", *command, "--workdir", str(killed))
        wait_for_epochs(killed, num_epochs, runner)
        kill_group(runner)
    assert not record_dirs(killed)
    assert main([*command, "--workdir", str(killed)]) == 0
    (log,) = killed.glob("cells/detector-*/log.txt")
    assert "resuming after epoch" in log.read_text()
    assert main([*command, "--workdir", str(whole)]) == 0
    check_equal_numbers(killed, whole)
    assert curve_of(killed) == curve_of(whole)


def wait_for_epochs(work: Path, num_epochs: int, runner: subprocess.Popen[bytes]) -> None:
    deadline = time.monotonic() + 600
    while time.monotonic() < deadline:
        if num_epochs <= len(curve_of(work)):
            return
        assert runner.poll() is None, "the training ended before it could be killed"
        time.sleep(0.05)
    pytest.fail("no epoch was finished in time")


def curve_of(work: Path) -> list[dict[str, float]]:
    """Loss and validation scores by epoch; empty before the first."""
    found = list(work.glob("cells/detector-*/training/training.csv"))
    return read_curve(found[0]) if found else []


def test_help_is_quick_and_complete() -> None:
    start = time.perf_counter()
    shown = subprocess.run(
        [sys.executable, "-m", "downstream.detect", "--help"], capture_output=True, text=True, check=True
    )
    assert time.perf_counter() - start < 5.0
    for flag in ("--fuser", "--dataset", "--model", "--seeds", "--protocol", "--workdir"):
        assert flag in shown.stdout
