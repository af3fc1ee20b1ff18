"""The detection command from end to end, on a miniature laboratory."""

from __future__ import annotations

import json
import signal
import subprocess
import sys
import time
from pathlib import Path

import pytest

from downstream.detect.__main__ import main
from suite.records import iter_records, read_per_image

TINY = ["--synthetic", "num_train=12", "num_val=4", "num_test=5", "height=64", "width=96"]
SHORT = ["--imgsz", "64", "--batch", "4", "--resamples", "20", "--device", "cpu", "--no-report"]


@pytest.fixture(scope="module")
def work(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """One finished run of one epoch."""
    folder = tmp_path_factory.mktemp("detect")
    assert main(["--fuser", "average", *TINY, "--epochs", "1", *SHORT, "--workdir", str(folder)]) == 0
    return folder


def test_one_command_leaves_a_complete_record(work: Path) -> None:
    (record,) = iter_records(work)
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
    (record,) = iter_records(work)
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
    assert "already done" in capsys.readouterr().out
    after = {path: path.stat().st_mtime_ns for path in work.rglob("*") if path.is_file()}
    assert after == before


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
    records = list(iter_records(tmp_path))
    assert {row.fuser for record in records for row in record.rows} == {"average", "infrared"}
    assert {row.protocol for record in records for row in record.rows} == {"frozen-visible"}
    assert len(list(tmp_path.glob("train/detect-*/weights/best.pt"))) == 1


@pytest.mark.slow
def test_coco_weights_can_judge_as_they_are(tmp_path: Path, shared: Path) -> None:
    weights = str(shared / "weights" / "yolov8n_coco_restored.pt")
    arguments = ["--fuser", "average", "--protocol", "frozen", "--frozen-on", "model", "--model", weights]
    assert main([*arguments, *TINY, *SHORT, "--workdir", str(tmp_path)]) == 0
    assert not (tmp_path / "train").exists()


@pytest.mark.slow
def test_kill_minus_9_in_training_changes_no_number(tmp_path: Path, shared: Path) -> None:
    # Trained weights, so that there are predictions to differ; 12 images in batches of 4 leave gradients pending
    # between epochs, since an optimiser step waits for 64 images.
    weights = str(shared / "weights" / "yolov8n_coco_restored.pt")
    command = [sys.executable, "-m", "downstream.detect", "--fuser", "average", *TINY, "--model", weights]
    command += ["--epochs", "12", "--nominal-batch", "64", *SHORT, "--workdir"]
    killed, whole = tmp_path / "killed", tmp_path / "whole"
    for num_epochs in (1, 4):
        process = subprocess.Popen([*command, str(killed)], stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
        _wait_for_epochs(killed, num_epochs, process)
        process.send_signal(signal.SIGKILL)
        process.wait()
    assert not list(iter_records(killed))
    resumed = subprocess.run([*command, str(killed)], capture_output=True, text=True, check=True)
    assert "resuming after epoch" in resumed.stdout
    subprocess.run([*command, str(whole)], capture_output=True, check=True)
    (first,), (second,) = iter_records(killed), iter_records(whole)
    assert first.cell_id == second.cell_id
    assert [str(row) for row in first.rows] == [str(row) for row in second.rows]
    assert _losses(killed) == _losses(whole)


def _wait_for_epochs(work: Path, num_epochs: int, process: subprocess.Popen[bytes]) -> None:
    deadline = time.monotonic() + 240
    while time.monotonic() < deadline:
        tables = list(work.glob("train/*/results.csv"))
        states = list(work.glob("train/*/weights/state.pt"))
        if tables and states and len(tables[0].read_text().splitlines()) > num_epochs:
            return
        assert process.poll() is None, "the training ended before it could be killed"
        time.sleep(0.05)
    pytest.fail("no epoch was finished in time")


def _losses(work: Path) -> list[str]:
    (table,) = work.glob("train/*/results.csv")
    # Without the second column, the seconds since the start.
    return [",".join(line.split(",")[:1] + line.split(",")[2:]) for line in table.read_text().splitlines()]


def test_help_is_quick_and_complete() -> None:
    start = time.perf_counter()
    shown = subprocess.run(
        [sys.executable, "-m", "downstream.detect", "--help"], capture_output=True, text=True, check=True
    )
    assert time.perf_counter() - start < 5.0
    for flag in ("--fuser", "--dataset", "--model", "--seeds", "--protocol", "--workdir"):
        assert flag in shown.stdout
