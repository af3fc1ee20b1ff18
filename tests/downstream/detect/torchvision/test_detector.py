"""The second library behind the contract: names, weights, and a training that can be killed and that learns."""

from __future__ import annotations

import os
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
import torch

from datasets.base import Boxes
from datasets.images import write_image
from datasets.registry import load_dataset
from datasets.synthetic.settings import ContentSettings, SyntheticSettings
from datasets.synthetic.writer import generate
from diffif.fusers.controls.average import Average
from diffif.fusers.fused_set import fuse_split
from downstream.detect.detector import BoxedImages, boxed_images, predict_boxes
from downstream.detect.detectors import build_detector
from downstream.detect.matching import Truth
from downstream.detect.scoring import score_detections
from downstream.detect.settings import DetectionSettings
from downstream.detect.torchvision.networks import build_network, known_networks
from downstream.training_state import NetworkState
from downstream.trainings import read_curve
from suite.errors import SettingsError, UnknownName, WeightsError

NAME = "ssdlite320_mobilenet_v3_large"
SMALL = DetectionSettings(
    model=f"torchvision:{NAME}", epochs=2, imgsz=96, batch=2, nominal_batch=2, patience=5, learning_rate=1e-3
)


def draw_boxes(folder: Path, count: int) -> BoxedImages:
    """Grey images with one bright rectangle each."""
    generator = np.random.default_rng(0)
    images, boxes = [], []
    for index in range(count):
        left, top = (int(value) for value in generator.integers(5, 40, 2))
        pixels = np.full((96, 96, 3), 60, dtype=np.uint8)
        pixels[top : top + 40, left : left + 30] = 220
        images.append(folder / f"{index}.png")
        write_image(images[-1], pixels)
        boxes.append(Boxes(xyxy=((left, top, left + 30, top + 40),), labels=(index % 2,)))
    return BoxedImages(images=tuple(images), boxes=tuple(boxes), classes=("one", "two"), fingerprint=f"{count}")


def test_every_known_network_is_a_plain_detector() -> None:
    names = known_networks()
    assert {NAME, "retinanet_resnet50_fpn", "fcos_resnet50_fpn", "fasterrcnn_resnet50_fpn"} <= set(names)
    assert not any(name.startswith(("mask", "keypoint")) for name in names)


@pytest.mark.parametrize(
    ("changes", "error", "message"),
    [
        ({"model": "torchvision:ssdlite320_mobilenet"}, UnknownName, "Did you mean 'ssdlite320_mobilenet_v3_large'"),
        ({"model": "torchvision:maskrcnn_resnet50_fpn"}, WeightsError, "instance masks.*fasterrcnn_resnet50_fpn"),
        ({"model": "torchvision:keypointrcnn_resnet50_fpn"}, WeightsError, "key points"),
        ({"model": f"torchvision:{NAME}@weights=none.pth"}, WeightsError, "no weights none.pth"),
        ({"model": f"torchvision:{NAME}@epochs=3"}, SettingsError, "@weights=FILE"),
        ({"imgsz": 64}, SettingsError, "--imgsz must be at least 96"),
    ],
)
def test_what_cannot_be_trained_is_refused_before_any_work(
    changes: dict[str, object], error: type[Exception], message: str, tmp_path: Path
) -> None:
    with pytest.raises(error, match=message):
        build_detector(replace(SMALL, **changes), tmp_path)  # type: ignore[arg-type]


class _Malicious:
    def __init__(self, mark: Path) -> None:
        self.mark = mark

    def __reduce__(self) -> tuple[object, tuple[str]]:
        return os.system, (f"touch {self.mark}",)


def test_a_malicious_file_is_refused_and_nothing_of_it_runs(tmp_path: Path) -> None:
    torch.save({"model": _Malicious(tmp_path / "executed")}, tmp_path / "own.pth")
    with pytest.raises(WeightsError, match="loaded safely"):
        build_detector(replace(SMALL, model=f"torchvision:{NAME}@weights={tmp_path / 'own.pth'}"), tmp_path)
    assert not (tmp_path / "executed").exists()


def test_weights_of_another_network_are_refused(tmp_path: Path) -> None:
    torch.save({"conv.weight": torch.zeros(3)}, tmp_path / "own.pth")
    with pytest.raises(WeightsError, match="does not fit"):
        build_detector(replace(SMALL, model=f"torchvision:{NAME}@weights={tmp_path / 'own.pth'}"), tmp_path)


def test_published_weights_bring_the_coco_classes(tmp_path: Path) -> None:
    torch.save(build_network(NAME, 90, 320).state_dict(), tmp_path / "coco.pth")
    chosen = build_detector(replace(SMALL, model=f"torchvision:{NAME}@weights={tmp_path / 'coco.pth'}"), tmp_path)
    assert chosen.classes[0] == "person"
    assert len(chosen.classes) == 90
    assert chosen.identity["fingerprint"] != "none"


def test_an_interrupted_training_ends_with_the_weights_of_an_uninterrupted_one(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    boxed, detector = draw_boxes(tmp_path, 4), build_detector(SMALL, tmp_path)

    def train(name: str) -> dict[str, torch.Tensor]:
        folder = tmp_path / name
        folder.mkdir(exist_ok=True)
        path = detector.train(boxed, boxed, folder=folder, seed=0, device="cpu", threads=1)
        tensors: dict[str, torch.Tensor] = torch.load(path, weights_only=True)["model"]
        return tensors

    whole = train("whole")
    true_save, saved = NetworkState.save, list[int]()

    def dying(state: NetworkState, folder: Path) -> None:
        true_save(state, folder)
        saved.append(1)
        if len(saved) == 1:
            raise KeyboardInterrupt

    monkeypatch.setattr(NetworkState, "save", dying)
    with pytest.raises(KeyboardInterrupt):
        train("killed")
    resumed = train("killed")
    assert len(saved) == 2
    assert all(torch.equal(whole[name], resumed[name]) for name in whole)
    assert [row["epoch"] for row in read_curve(tmp_path / "killed" / "training.csv")] == [1.0, 2.0]


def test_a_prediction_does_not_depend_on_its_neighbours_and_keeps_the_wanted_labels(tmp_path: Path) -> None:
    boxed, detector = draw_boxes(tmp_path, 4), build_detector(replace(SMALL, epochs=1), tmp_path)
    weights = detector.train(boxed, boxed, folder=tmp_path, seed=0, device="cpu", threads=1)
    every = predict_boxes(detector, weights, boxed.images, device="cpu", threads=1)
    alone = predict_boxes(detector, weights, boxed.images[2:3], device="cpu", threads=1)[0]
    assert np.array_equal(every[2].xyxy, alone.xyxy)
    kept = predict_boxes(detector, weights, boxed.images[:1], class_map={1: 0}, device="cpu", threads=1)[0]
    assert set(every[0].labels) <= {0, 1}
    assert len(kept.labels) == int((every[0].labels == 1).sum())
    assert set(kept.labels) <= {0}


@pytest.mark.slow
def test_ssdlite_learns_the_laboratory_from_random_weights(tmp_path: Path) -> None:
    people = ContentSettings(
        people=(1, 2), cars=(0, 0), cyclists=(0, 0), parked_bicycles=0.0, posters=0.0, statues=0.0, reflections=0.0,
        cabinets=0.0, plumes=0.0, animals=0.0, person_height=(0.6, 0.85),
    )  # fmt: skip
    scenes = SyntheticSettings(height=128, width=160, num_train=48, num_val=12, num_test=24, seed=3, content=people)
    root = generate(scenes, tmp_path / "laboratory", progress=False)
    splits = {name: load_dataset("synthetic", root, name, "detect") for name in ("train", "val", "test")}
    train, val, test = (
        boxed_images(fuse_split(one, Average(), tmp_path, progress=False), one) for one in splits.values()
    )
    settings = replace(SMALL, epochs=18, imgsz=160, batch=8, nominal_batch=8, patience=18, learning_rate=2e-3)
    detector = build_detector(settings, tmp_path)
    weights = detector.train(train, val, folder=tmp_path, seed=0, device="cpu", threads=1)

    torch.manual_seed(0)
    untrained = tmp_path / "untrained.pt"
    torch.save({"model": build_network(NAME, 3, 160).state_dict(), "classes": list(test.classes)}, untrained)

    def map50(path: Path) -> float:
        found = predict_boxes(detector, path, test.images, device="cpu", threads=1)
        truths = [Truth.of(boxes) for boxes in test.boxes]
        ids = [path.stem for path in test.images]
        scores = score_detections(ids, found, truths, test.classes, resamples=2)
        return next(score.value for score in scores.scores if score.metric == "ap50/person")

    assert map50(weights) > 0.3
    assert map50(untrained) < 0.05
