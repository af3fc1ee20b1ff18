"""Given weights judge the classes that they know; what they do not know is left out and named, never a zero."""

from __future__ import annotations

import numpy as np
import pytest

from downstream.detect.classes import map_classes
from downstream.detect.matching import Detections, Truth
from suite.errors import SettingsError

COCO = ("person", "bicycle", "car", "motorcycle", "airplane", "bus", "train", "truck")
M3FD = ("People", "Car", "Bus", "Motorcycle", "Lamp", "Truck")


def test_the_classes_of_m3fd_are_found_in_coco_but_for_the_lamp() -> None:
    found = map_classes(COCO, M3FD)
    assert found.classes == ("People", "Car", "Bus", "Motorcycle", "Truck")
    assert found.detector == (0, 2, 5, 3, 7)
    assert found.left_out == ("Lamp",)
    assert "People = person" in found.note
    assert "Lamp" in found.note.partition("left out")[2]


def test_predictions_and_truth_meet_in_the_scored_labels() -> None:
    found = map_classes(COCO, M3FD)
    corners = np.arange(16, dtype=np.float64).reshape(4, 4)
    detections = found.map_detections(
        Detections(xyxy=corners, scores=np.array([0.9, 0.8, 0.7, 0.6]), labels=np.array([0, 4, 7, 2]))
    )
    assert detections.labels.tolist() == [0, 4, 1]
    assert detections.scores.tolist() == [0.9, 0.7, 0.6]
    truth = found.map_truth(
        Truth(xyxy=corners, labels=np.array([0, 4, 5, 3]), evidence=("both", "visible", "infrared", "both"))
    )
    assert truth.labels.tolist() == [0, 4, 3]
    assert truth.evidence == ("both", "infrared", "both")
    assert map_classes(COCO, ("person",)).map_truth(Truth(xyxy=corners, labels=np.zeros(4, np.int64))).evidence == ()


@pytest.mark.parametrize("detector", [("tree",), ()])
def test_a_map_that_covers_nothing_is_refused(detector: tuple[str, ...]) -> None:
    with pytest.raises(SettingsError, match="knows none of the classes People, Car"):
        map_classes(detector, M3FD)


def test_the_first_of_two_equal_names_counts() -> None:
    assert map_classes(("car", "Car"), ("car",)).detector == (0,)
