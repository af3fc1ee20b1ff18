"""Every family of ultralytics trains behind the contract, and resumes to the numbers of an uninterrupted training."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
import torch

from datasets.base import Boxes
from datasets.images import write_image
from downstream.detect.detector import BoxedImages, predict_boxes
from downstream.detect.detectors import build_detector
from downstream.detect.settings import DetectionSettings
from downstream.trainings import read_curve

SETTINGS = DetectionSettings(epochs=2, imgsz=128, batch=2, nominal_batch=2, workers=0, learning_rate=1e-3)


def draw_boxes(folder: Path, count: int) -> BoxedImages:
    """Grey images with one bright rectangle each."""
    images, boxes = [], []
    for index in range(count):
        pixels = np.full((96, 128, 3), 60, dtype=np.uint8)
        left, top = 10 + 12 * index, 8 + 7 * index
        pixels[top : top + 40, left : left + 30] = 220
        images.append(folder / f"{index}.png")
        write_image(images[-1], pixels)
        boxes.append(Boxes(xyxy=((left, top, left + 30, top + 40),), labels=(index % 2,)))
    return BoxedImages(images=tuple(images), boxes=tuple(boxes), classes=("one", "two"), fingerprint=f"drawn-{count}")


@pytest.mark.slow
@pytest.mark.parametrize("model", ["yolov8n.yaml", "yolo26n.yaml", "yolov8n-rtdetr.yaml"])
def test_an_interrupted_training_ends_with_the_weights_of_an_uninterrupted_one(
    model: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    from dataclasses import replace

    boxed, detector = draw_boxes(tmp_path, 4), build_detector(replace(SETTINGS, model=model), tmp_path)

    def train(name: str) -> dict[str, torch.Tensor]:
        (tmp_path / name).mkdir(exist_ok=True)
        detector.train(boxed, boxed, folder=tmp_path / name, seed=0, device="cpu", threads=1)
        state = torch.load(tmp_path / name / "weights" / "state.pt", weights_only=True)
        tensors: dict[str, torch.Tensor] = state["ema"]
        return tensors

    whole = train("whole")

    from downstream.detect.yolo.trainer import ResumableTrainer

    true_save, saved = ResumableTrainer.save_model, list[int]()

    def dying(self: ResumableTrainer) -> bool:
        done = true_save(self)
        saved.append(1)
        if len(saved) == 1:
            raise KeyboardInterrupt
        return done

    monkeypatch.setattr(ResumableTrainer, "save_model", dying)
    with pytest.raises(KeyboardInterrupt):
        train("killed")
    resumed = train("killed")
    assert "resuming after epoch 1 of 2" in capsys.readouterr().out
    assert all(torch.equal(whole[name], resumed[name]) for name in whole)
    curve = read_curve(tmp_path / "killed" / "training.csv")
    assert [row["epoch"] for row in curve] == [1.0, 2.0]
    assert all(row["loss"] > 0 for row in curve)

    found = predict_boxes(detector, tmp_path / "killed" / "weights" / "best.pt", boxed.images, device="cpu", threads=1)
    assert len(found) == 4
    assert all(set(one.labels.tolist()) <= {0, 1} for one in found)
