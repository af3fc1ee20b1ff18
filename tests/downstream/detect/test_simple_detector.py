"""A detector in two functions keeps the contract, and says what its functions did wrong."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

import numpy as np
import pytest

from datasets.base import Boxes
from downstream.detect.detector import BoxedImages
from downstream.detect.detectors import build_detector
from downstream.detect.settings import DetectionSettings
from downstream.detect.simple_detector import Box, SimpleDetector
from suite.errors import SettingsError

IMAGES = (Path("a.png"), Path("b.png"))
TRAIN = BoxedImages(images=IMAGES, boxes=(Boxes(), Boxes()), classes=("person", "car"), fingerprint="")


class Scripted(SimpleDetector):
    """Gives the boxes that a test wrote down."""

    answers: Sequence[Sequence[Box]] = ([(0, 0, 4, 4, 0.9, 1), (1, 1, 3, 3, 0.2, 0)], [])
    num_trainings = 0

    def fit(self, train: BoxedImages, val: BoxedImages, weights: Path, *, seed: int, device: str) -> None:
        type(self).num_trainings += 1
        weights.write_text(f"{seed}")

    def detect(self, weights: Path, images: Sequence[Path], *, device: str) -> Sequence[Sequence[Box]]:
        return self.answers


@pytest.fixture
def detector(tmp_path: Path) -> Scripted:
    made = build_detector(DetectionSettings(model=f"{__name__}:Scripted"), tmp_path)
    assert isinstance(made, Scripted)
    return made


def predict(detector: Scripted, tmp_path: Path, keep: Sequence[int] | None = None) -> list[list[float]]:
    weights = detector.train(TRAIN, TRAIN, folder=tmp_path, seed=3, device="cpu", threads=1)
    found = detector.predict(weights, IMAGES, keep=keep, device="cpu", threads=1)
    return [np.column_stack((one.xyxy, one.scores, one.labels)).ravel().tolist() for one in found]


def test_boxes_become_arrays_and_only_the_wanted_labels_are_kept(detector: Scripted, tmp_path: Path) -> None:
    assert predict(detector, tmp_path) == [[0, 0, 4, 4, 0.9, 1, 1, 1, 3, 3, 0.2, 0], []]
    assert predict(detector, tmp_path, keep=[0]) == [[1, 1, 3, 3, 0.2, 0], []]


def test_a_finished_training_is_not_repeated(detector: Scripted, tmp_path: Path) -> None:
    before = Scripted.num_trainings
    for _ in range(2):
        assert detector.train(TRAIN, TRAIN, folder=tmp_path, seed=3, device="cpu", threads=1).read_text() == "3"
    assert Scripted.num_trainings == before + 1


@pytest.mark.parametrize(
    ("answers", "message"),
    [
        ([[(0, 0, 4, 4)], []], r"boxes of shape \(1, 4\); expected \(N, 6\)"),
        ([[]], "boxes for 1 of 2 images"),
    ],
)
def test_boxes_of_another_form_are_refused(
    detector: Scripted, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, answers: object, message: str
) -> None:
    monkeypatch.setattr(detector, "answers", answers)
    with pytest.raises(SettingsError, match=message):
        predict(detector, tmp_path)


def test_it_cannot_judge_without_a_training(detector: Scripted) -> None:
    assert detector.classes == ()
    with pytest.raises(SettingsError, match="--frozen-on model"):
        detector.predict(None, IMAGES, keep=None, device="cpu", threads=1)


def test_its_source_is_part_of_its_identity(detector: Scripted) -> None:
    assert detector.identity["detector"] == f"{__name__}:Scripted"
    assert len(detector.identity["code"]) == 64
