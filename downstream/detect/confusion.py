"""Which class was taken for which: the confusion matrix of a detector at one confidence, IoU 0.5."""

from __future__ import annotations

import math
from collections.abc import Sequence
from typing import Any

import numpy as np
from numpy.typing import NDArray

from downstream.detect.matching import Detections, Truth, box_iou

BACKGROUND = "background"
"""Row of predictions without an object, column of objects without a prediction."""
MATCH_IOU = 0.5


def confusion_content(
    detections: Sequence[Detections],
    truths: Sequence[Truth],
    classes: Sequence[str],
    confidence: float,
    left_out: Sequence[str] = (),
) -> dict[str, Any]:
    """What confusion.json holds: the classes that are scored, the background last, and their matrix."""
    names = [*classes, BACKGROUND]
    kept = [place for place, name in enumerate(names) if name not in left_out]
    # Where no image has an object, there is no operating point and nothing counts as predicted.
    matrix = confusion_matrix(detections, truths, len(classes), confidence if confidence == confidence else math.inf)
    return {"classes": [names[place] for place in kept], "matrix": matrix[np.ix_(kept, kept)].tolist()}


def confusion_matrix(
    detections: Sequence[Detections], truths: Sequence[Truth], num_classes: int, confidence: float
) -> NDArray[np.int64]:
    """Objects by true and predicted class; predictions choose in order of their score, whatever their class.

    Args:
        detections: Per image.
        truths: Per image, in the same order.
        num_classes: C.
        confidence: Weaker predictions do not count.

    Returns:
        (C + 1, C + 1), rows true, columns predicted, the background last.
    """
    matrix = np.zeros((num_classes + 1, num_classes + 1), dtype=np.int64)
    for found, truth in zip(detections, truths, strict=True):
        strong = np.flatnonzero(found.scores >= confidence)
        order = strong[np.argsort(-found.scores[strong], kind="stable")]
        iou = box_iou(found.xyxy[order], truth.xyxy)
        free = np.ones(len(truth.labels), dtype=bool)
        for place, index in enumerate(order):
            candidates = np.where(free, iou[place], 0.0)
            best = int(candidates.argmax()) if len(candidates) else -1
            taken = best >= 0 and candidates[best] >= MATCH_IOU
            row = int(truth.labels[best]) if taken else num_classes
            matrix[row, int(found.labels[index])] += 1
            if taken:
                free[best] = False
        for label in truth.labels[free]:
            matrix[int(label), num_classes] += 1
    return matrix
