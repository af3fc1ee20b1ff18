"""The confusion matrix of a detector counts every object and every prediction once."""

from __future__ import annotations

import numpy as np

from downstream.detect.confusion import confusion_content, confusion_matrix
from downstream.detect.matching import Detections, Truth


def boxes(*corners: float) -> np.ndarray:
    return np.array([[x, 0, x + 10, 10] for x in corners], dtype=float).reshape(-1, 4)


def test_objects_are_right_confused_missed_or_made_up() -> None:
    truth = Truth(xyxy=boxes(0, 100, 200), labels=np.array([0, 1, 0]))
    found = Detections(xyxy=boxes(1, 101, 300, 2), scores=np.array([0.9, 0.8, 0.7, 0.6]), labels=np.array([0, 0, 1, 1]))
    # The second prediction of the first object finds it taken; the third object has none.
    expected = [[1, 0, 1], [1, 0, 0], [0, 2, 0]]
    assert confusion_matrix([found], [truth], 2, 0.5).tolist() == expected


def test_weak_predictions_do_not_count_and_empty_images_are_no_error() -> None:
    nothing = Detections(xyxy=boxes(), scores=np.array([]), labels=np.array([], dtype=np.int64))
    empty = Truth(xyxy=boxes(), labels=np.array([], dtype=np.int64))
    weak = Detections(xyxy=boxes(0), scores=np.array([0.2]), labels=np.array([0]))
    truth = Truth(xyxy=boxes(0), labels=np.array([0]))
    matrix = confusion_matrix([nothing, weak, weak], [empty, truth, empty], 1, 0.5)
    assert matrix.tolist() == [[0, 1], [0, 0]]


def test_classes_that_are_not_scored_are_not_shown() -> None:
    truth = Truth(xyxy=boxes(0, 100), labels=np.array([0, 1]))
    found = Detections(xyxy=boxes(0), scores=np.array([0.9]), labels=np.array([0]))
    content = confusion_content([found], [truth], ["person", "dog"], 0.5, left_out=["dog"])
    assert content == {"classes": ["person", "background"], "matrix": [[1, 0], [0, 0]]}
