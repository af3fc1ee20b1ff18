"""Which detector is meant, and what is refused: nothing is downloaded, nothing is changed silently."""

from __future__ import annotations

from pathlib import Path

import pytest
import torch

from downstream.detect.yolo.environment import prepare_yolo
from downstream.detect.yolo.model_choice import choose_model
from suite.errors import UnknownName, WeightsError


@pytest.fixture
def work(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.chdir(tmp_path)
    prepare_yolo(tmp_path)
    return tmp_path


def test_a_structure_by_name_needs_no_file(work: Path) -> None:
    chosen = choose_model("yolov8n.yaml", work)
    assert not chosen.is_trained
    assert chosen.fingerprint != choose_model("yolov8s.yaml", work).fingerprint


def test_missing_coco_weights_name_the_two_ways_out(work: Path) -> None:
    with pytest.raises(WeightsError) as caught:
        choose_model("yolov8n.pt", work)
    assert "--model PATH" in str(caught.value)
    assert "--model yolov8n.yaml" in str(caught.value)
    assert not list(work.rglob("*.pt"))


def test_a_typo_suggests_the_nearest_name(work: Path) -> None:
    with pytest.raises(UnknownName, match=r"Did you mean 'yolov8n\.yaml'"):
        choose_model("yolo8n.yaml", work)


def test_a_path_that_is_not_there_is_refused(work: Path) -> None:
    with pytest.raises(WeightsError, match=r"no file weights/own\.pt"):
        choose_model("weights/own.pt", work)


@pytest.mark.parametrize("content", [b"", b"not a checkpoint", b"PK\x03\x04 half a zip"])
def test_a_file_that_is_no_checkpoint_is_refused(work: Path, content: bytes) -> None:
    (work / "own.pt").write_bytes(content)
    with pytest.raises(WeightsError, match="not a detector's checkpoint"):
        choose_model(str(work / "own.pt"), work)


def test_another_networks_checkpoint_is_refused(work: Path) -> None:
    torch.save({"model": {"weight": torch.zeros(3)}}, work / "own.pt")
    with pytest.raises(WeightsError, match="not a detector's checkpoint"):
        choose_model("own.pt", work)


def test_a_yaml_without_a_network_is_refused(work: Path) -> None:
    (work / "own.yaml").write_text("epochs: 3\n")
    with pytest.raises(WeightsError, match="not a YOLO structure"):
        choose_model(str(work / "own.yaml"), work)


def test_real_weights_bring_their_classes(work: Path, shared: Path) -> None:
    chosen = choose_model(str(shared / "weights" / "yolov8n_coco_restored.pt"), work)
    assert chosen.is_trained
    assert chosen.classes[0] == "person"
    assert len(chosen.classes) == 80


def test_ultralytics_keeps_to_the_working_folder_and_to_itself(work: Path) -> None:
    from ultralytics import settings
    from ultralytics.utils import ONLINE

    assert not settings["sync"]
    assert not ONLINE
    assert settings["runs_dir"].startswith(str(work))
