"""Given weights judge the classes that they know; what they do not know is left out and named, never a zero."""

from __future__ import annotations

import numpy as np
import pytest

from downstream.detect.classes import map_classes
from downstream.detect.matching import Detections, Truth
from downstream.detect.scoring import score_detections
from suite.errors import SettingsError

COCO = ("person", "bicycle", "car", "motorcycle", "airplane", "bus", "train", "truck")
M3FD = ("People", "Car", "Bus", "Motorcycle", "Lamp", "Truck")


def test_the_classes_of_m3fd_are_found_in_coco_but_for_the_lamp() -> None:
    found = map_classes(COCO, M3FD)
    assert found.labels == {0: 0, 2: 1, 5: 2, 3: 3, 7: 5}
    assert found.left_out == ("Lamp",)
    assert "People = person" in found.note
    assert "Lamp" in found.note.partition("left out")[2]


def test_a_class_that_is_left_out_has_no_score_and_no_share_in_the_mean() -> None:
    boxes = np.array([[0.0, 0.0, 10.0, 10.0], [20.0, 20.0, 30.0, 30.0]])
    truth = Truth(xyxy=boxes, labels=np.array([0, 4]), evidence=("both", "both"))
    found = Detections(xyxy=boxes[:1], scores=np.array([0.9]), labels=np.array([0]))
    judged = score_detections(["a"], [found], [truth], M3FD, resamples=2, left_out=("Lamp",))
    values = {score.metric: score.value for score in judged.scores}
    assert values["map50"] == values["map50/evidence:both"] == 1.0
    assert "ap50/Lamp" not in values
    punished = score_detections(["a"], [found], [truth], M3FD, resamples=2)
    assert next(score.value for score in punished.scores if score.metric == "map50") == 0.5


@pytest.mark.parametrize("detector", [("tree",), ()])
def test_a_map_that_covers_nothing_is_refused(detector: tuple[str, ...]) -> None:
    with pytest.raises(SettingsError, match="knows none of the classes People, Car"):
        map_classes(detector, M3FD)


def test_the_first_of_two_equal_names_counts() -> None:
    assert map_classes(("car", "Car"), ("car",)).labels == {0: 0}
