"""The segmentation command from end to end, on a miniature laboratory."""

from __future__ import annotations

import json
import math
import time
from pathlib import Path

import numpy as np
import pytest
from sklearn.metrics import jaccard_score

from datasets.images import read_array
from downstream.segment.__main__ import main
from suite.records import read_per_image, read_record, record_dirs
from tests.downstream.conftest import StartRunner, check_equal_numbers, kill_group

TINY = ["--synthetic", "num_train=8", "num_val=2", "num_test=4", "height=64", "width=96"]
SHORT = [
    "--seeds",
    "0",
    "--arch",
    "segformer",
    "--encoder",
    "mit_b0",
    "--epochs",
    "1",
    "--crop",
    "64",
    "--batch",
    "4",
    "--resamples",
    "20",
    "--device",
    "cpu",
    "--no-report",
]


@pytest.fixture(scope="module")
def work(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """One finished run."""
    folder = tmp_path_factory.mktemp("segment")
    assert main(["--fuser", "average", *TINY, *SHORT, "--workdir", str(folder)]) == 0
    return folder


def test_one_command_leaves_a_complete_record(work: Path) -> None:
    (record,) = map(read_record, record_dirs(work))
    values = {row.metric: row for row in record.rows}
    expected = {"miou", "miou/all", "miou/present", "iou/Person", "pixel_accuracy", "boundary_f1"}
    assert expected | {"miou/evidence:both", "num_classes/present"} <= set(values)
    assert not {"iou/unlabelled", "iou/Unlabelled"} & set(values)
    assert values["miou"].value == values["miou/ignore-unlabelled"].value
    assert values["miou"].n == 4
    assert record.settings["pairs"]["name"] == "synthetic"


def test_the_recorded_miou_follows_from_the_saved_counts(work: Path) -> None:
    (record,) = map(read_record, record_dirs(work))
    assert record.path is not None
    table = read_per_image(record.path)
    summed = table[table["metric"].str.contains("/")].groupby("metric")["value"].sum()
    classes = {name.split("/")[1] for name in summed.index}
    ious = []
    for name in classes - {"unlabelled", "Unlabelled"}:
        tp, fp, fn = (summed[f"{key}/{name}"] for key in ("tp", "fp", "fn"))
        if tp + fp + fn:
            ious.append(tp / (tp + fp + fn))
    recorded = next(row.value for row in record.rows if row.metric == "miou")
    assert recorded == pytest.approx(np.mean(ious), abs=1e-12)


def test_the_recorded_miou_is_sklearns_over_the_saved_predictions(work: Path) -> None:
    (record,) = map(read_record, record_dirs(work))
    assert record.path is not None
    artefacts = record.path / "artefacts"
    palette = json.loads((artefacts / "palette.json").read_text())
    index = {tuple(colour): number for number, colour in enumerate(palette.values())}
    entries = json.loads((artefacts / "gallery.json").read_text())
    assert len(entries) == next(row.n for row in record.rows if row.metric == "miou")

    def ids(kind: str) -> np.ndarray:
        pixels = np.concatenate([read_array(artefacts / entry[kind]).reshape(-1, 3) for entry in entries])
        return np.array([index.get(tuple(colour), -1) for colour in pixels.tolist()])

    truth, predicted = ids("mask_truth"), ids("mask_predicted")
    labelled = truth >= 0
    truth, predicted = truth[labelled], predicted[labelled]
    classes = np.union1d(truth, predicted)
    ious = jaccard_score(truth, predicted, labels=classes, average=None)
    values = {row.metric: row.value for row in record.rows}
    assert values["miou"] == pytest.approx(ious.mean(), abs=1e-12)
    names = list(palette)
    assert [values[f"iou/{names[c]}"] for c in classes] == pytest.approx(ious.tolist(), abs=1e-12)


def test_the_gallery_shows_truth_prediction_and_errors(work: Path) -> None:
    (record,) = map(read_record, record_dirs(work))
    assert record.path is not None
    artefacts = record.path / "artefacts"
    assert len(json.loads((artefacts / "bootstrap.json").read_text())["replicates"]["miou"]) == 20
    for entry in json.loads((artefacts / "gallery.json").read_text()):
        for kind in ("visible", "infrared", "fused", "mask_truth", "mask_predicted", "mask_error"):
            assert (artefacts / entry[kind]).is_file()
    confusion = json.loads((artefacts / "confusion.json").read_text())
    assert np.array(confusion["matrix"]).sum() == 4 * 64 * 96


def test_a_finished_cell_is_not_computed_again(work: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["--fuser", "average", *TINY, *SHORT, "--workdir", str(work)]) == 0
    assert "cached" in capsys.readouterr().out


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        (["--arch", "unnet"], "'unet'"),
        (["--encoder-weights", "imagenet", "--encoder", "mit_b0"], "--encoder-weights none"),
        (["--crop", "65"], "multiple of 32"),
        (["--protocol", "frozen"], "--frozen-on"),
        (["--seeds", "-2"], "--seeds"),
    ],
)
def test_bad_input_ends_with_status_1_before_any_work(
    arguments: list[str],
    message: str,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
) -> None:
    monkeypatch.setattr("huggingface_hub.constants.HF_HUB_CACHE", str(tmp_path / "cache"))
    assert main(["--fuser", "average", *arguments, "--workdir", str(tmp_path / "work")]) == 1
    assert message in capsys.readouterr().err
    assert not (tmp_path / "work" / "fused").exists()


@pytest.mark.slow
def test_a_frozen_network_is_trained_once_and_judges_every_fuser(tmp_path: Path) -> None:
    arguments = ["--fuser", "average", "--fuser", "infrared", "--protocol", "frozen", "--frozen-on", "visible"]
    assert main([*arguments, *TINY, *SHORT, "--workdir", str(tmp_path)]) == 0
    records = list(map(read_record, record_dirs(tmp_path)))
    assert {row.fuser for record in records for row in record.rows} == {"average", "infrared"}
    assert {row.protocol for record in records for row in record.rows} == {"frozen-visible"}
    assert len(list(tmp_path.glob("cells/segmenter-*/done.json"))) == 1


@pytest.mark.slow
def test_kill_minus_9_in_training_changes_no_number(tmp_path: Path, start_runner: StartRunner) -> None:
    command = ["--fuser", "average", *TINY, *SHORT, "--epochs", "5"]
    killed, whole = tmp_path / "killed", tmp_path / "whole"
    runner = start_runner("downstream.segment", *command, "--workdir", str(killed))
    deadline = time.monotonic() + 600
    while not list(killed.glob("cells/segmenter-*/training/**/state.pt")):
        assert time.monotonic() < deadline
        time.sleep(0.02)
    kill_group(runner)
    assert not record_dirs(killed)
    assert main([*command, "--workdir", str(killed)]) == 0
    (log,) = killed.glob("cells/segmenter-*/log.txt")
    assert "resuming after epoch" in log.read_text()
    assert main([*command, "--workdir", str(whole)]) == 0
    check_equal_numbers(killed, whole)
    (record,) = map(read_record, record_dirs(killed))
    assert not math.isnan(next(row.value for row in record.rows if row.metric == "miou"))
