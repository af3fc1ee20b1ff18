"""Which network is meant, and what is refused before any work: nothing is downloaded, nothing is executed."""

from __future__ import annotations

import os
from pathlib import Path

import pytest
import torch

from downstream.detect.detectors import build_detector
from downstream.detect.settings import DetectionSettings
from downstream.detect.yolo.detector import YoloDetector
from downstream.detect.yolo.environment import prepare_yolo
from downstream.detect.yolo.structures import DETECTION_HEADS, head_of, known_detectors, shipped_structures
from suite.errors import SettingsError, UnknownName, WeightsError


@pytest.fixture
def work(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.chdir(tmp_path)
    return tmp_path


def choose(name: str, work: Path, imgsz: int = 640) -> YoloDetector:
    found = build_detector(DetectionSettings(model=name, imgsz=imgsz), work)
    assert isinstance(found, YoloDetector)
    return found


def test_a_structure_by_name_needs_no_file_and_its_size_is_part_of_its_identity(work: Path) -> None:
    chosen = choose("yolov8n.yaml", work)
    assert chosen.classes == ()
    assert chosen.identity["fingerprint"] != choose("yolov8s.yaml", work).identity["fingerprint"]
    assert chosen.identity["name"] == "yolov8n.yaml"


def test_every_generation_that_ultralytics_ships_is_known_by_name() -> None:
    known = set(known_detectors())
    for stem in ("yolov8n", "yolov8x", "yolo11s", "yolo12m", "yolo26l", "yolov10b", "yolov9t", "rtdetr-l", "rtdetr-x"):
        assert {f"{stem}.yaml", f"{stem}.pt"} <= known


@pytest.mark.parametrize("name", ["yolo11n.yaml", "yolo12n.yaml", "yolo26n.yaml", "rtdetr-l.yaml", "yolov8n-p2.yaml"])
def test_a_known_structure_can_be_built(name: str, work: Path) -> None:
    assert choose(name, work).family == ("rtdetr" if "rtdetr" in name else "yolo")


@pytest.mark.slow
def test_every_known_structure_can_be_built(work: Path) -> None:
    for name in known_detectors():
        if name.endswith(".yaml"):
            choose(name, work)


def test_every_shipped_network_that_is_no_detector_is_refused_by_its_head(work: Path) -> None:
    others = {name for name, path in shipped_structures().items() if name not in known_detectors()}
    assert {"yolov8n-seg.yaml", "yolo11n-obb.yaml", "yolo26n-pose.yaml", "yolov8n-cls.yaml"} <= others
    for name in others:
        with pytest.raises(WeightsError, match="is no detector: its head"):
            choose(name, work)


def test_the_refusal_names_head_and_remedy(work: Path) -> None:
    with pytest.raises(WeightsError) as caught:
        choose("yolo11n-seg.yaml", work)
    assert "Segment gives instance segmentation" in str(caught.value)
    assert "--model yolo11n.yaml" in str(caught.value)
    with pytest.raises(WeightsError, match=r"OBB.*--model yolov8s\.pt"):
        choose("yolov8s-obb.pt", work)


def test_a_path_to_a_structure_is_judged_in_the_same_way(work: Path) -> None:
    assert choose(str(shipped_structures()["rtdetr-resnet50.yaml"]), work).family == "rtdetr"
    with pytest.raises(WeightsError, match="Segment"):
        choose(str(shipped_structures()["yolov8-seg.yaml"]), work)


def test_images_too_small_for_rtdetr_are_refused_with_the_smallest_size(work: Path) -> None:
    with pytest.raises(SettingsError, match="smallest that fits is 128"):
        choose("rtdetr-l.yaml", work, imgsz=64)
    choose("rtdetr-l.yaml", work, imgsz=128)


def test_missing_coco_weights_name_the_two_ways_out(work: Path) -> None:
    with pytest.raises(WeightsError) as caught:
        choose("yolov8n.pt", work)
    assert "--model PATH" in str(caught.value)
    assert "--model yolov8n.yaml" in str(caught.value)
    assert not list(work.rglob("*.pt"))


def test_a_typo_suggests_the_nearest_name_without_listing_all(work: Path) -> None:
    with pytest.raises(UnknownName, match=r"Did you mean 'yolov8n\.yaml'") as caught:
        choose("yolo8n.yaml", work)
    assert len(str(caught.value)) < 450


def test_an_unknown_library_is_refused(work: Path) -> None:
    with pytest.raises(UnknownName, match="Did you mean 'ultralytics'"):
        build_detector(DetectionSettings(model="ultralitics:yolov8n.yaml"), work)


def test_a_path_that_is_not_there_is_refused(work: Path) -> None:
    with pytest.raises(WeightsError, match=r"no file weights/own\.pt"):
        choose("weights/own.pt", work)


@pytest.mark.parametrize("content", [b"", b"not a checkpoint", b"PK\x03\x04 half a zip"])
def test_a_file_that_is_no_checkpoint_is_refused(work: Path, content: bytes) -> None:
    (work / "own.pt").write_bytes(content)
    with pytest.raises(WeightsError, match="not a detector's checkpoint"):
        choose(str(work / "own.pt"), work)


class _Malicious:
    def __init__(self, mark: Path) -> None:
        self.mark = mark

    def __reduce__(self) -> tuple[object, tuple[str]]:
        return os.system, (f"touch {self.mark}",)


def test_a_malicious_checkpoint_is_refused_and_nothing_of_it_runs(work: Path) -> None:
    torch.save({"model": _Malicious(work / "executed")}, work / "own.pt")
    with pytest.raises(WeightsError, match="loaded safely"):
        choose("own.pt", work)
    assert not (work / "executed").exists()


def test_a_malicious_activation_in_a_structure_is_refused_and_does_not_run(work: Path) -> None:
    text = shipped_structures()["yolov8.yaml"].read_text()
    mark = work / "executed"
    (work / "own.yaml").write_text(f"{text}\nactivation: \"__import__('os').system('touch {mark}')\"\n")
    with pytest.raises(WeightsError, match="cannot be built"):
        choose("own.yaml", work)
    assert not mark.exists()


def test_a_structure_that_asks_for_more_than_any_memory_is_refused_without_allocating(work: Path) -> None:
    text = "nc: 3\nbackbone:\n  - [-1, 1, Conv, [64, 3, 2]]\nhead:\n  - [-1, 1, Convolution, [900000000, 3]]\n"
    (work / "own.yaml").write_text(text + "  - [[0], 1, Detect, [nc]]\n")
    with pytest.raises(WeightsError, match="cannot be built"):
        choose("own.yaml", work)


def test_another_networks_checkpoint_is_refused(work: Path) -> None:
    torch.save({"model": {"weight": torch.zeros(3)}}, work / "own.pt")
    with pytest.raises(WeightsError, match="not a detector's checkpoint"):
        choose("own.pt", work)


def test_trained_weights_of_another_head_are_refused(work: Path) -> None:
    prepare_yolo(work)
    from ultralytics.nn.tasks import SegmentationModel

    network = SegmentationModel("yolov8n-seg.yaml", nc=3, verbose=False)  # type: ignore[no-untyped-call]
    torch.save({"model": network}, work / "own.pt")
    with pytest.raises(WeightsError, match="Segment gives instance segmentation"):
        choose("own.pt", work)


def test_a_yaml_without_a_network_is_refused(work: Path) -> None:
    (work / "own.yaml").write_text("epochs: 3\n")
    with pytest.raises(WeightsError, match="not a YOLO structure"):
        choose(str(work / "own.yaml"), work)


def test_real_weights_bring_their_classes(work: Path, shared: Path) -> None:
    chosen = choose(str(shared / "weights" / "yolov8n_coco_restored.pt"), work)
    assert chosen.classes[0] == "person"
    assert len(chosen.classes) == 80


def test_heads_are_read_from_the_last_layer() -> None:
    assert head_of({"head": [[-1, 1, "Conv", [1]], [[1, 2], 1, "Detect", ["nc"]]]}) == "Detect"
    assert head_of({"head": ["Detect"]}) == ""
    assert set(DETECTION_HEADS.values()) == {"yolo", "rtdetr"}


def test_ultralytics_keeps_to_the_working_folder_and_to_itself(work: Path) -> None:
    prepare_yolo(work)
    from ultralytics import settings
    from ultralytics.utils import ONLINE

    assert not settings["sync"]
    assert not ONLINE
    assert settings["runs_dir"].startswith(str(work))
