"""Which predicted box found which true box, at ten IoU thresholds: the COCO rules, with true boxes that may be ignored.

As in pycocotools' COCOeval: within an image and a class, predictions choose in order of their score the free true box
of greatest IoU; a prediction that can only be matched to an ignored box is itself ignored: neither right nor wrong.
That is how "by evidence" is scored: boxes of the other kinds of evidence are ignored, not counted as false alarms.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from datasets.base import Boxes

IOU_THRESHOLDS = np.linspace(0.5, 0.95, 10)
"""COCO's ten thresholds, 0.50 to 0.95."""
MAX_DETECTIONS = 100
"""COCO's limit of predictions per image and class."""

Floats = NDArray[np.float64]
Bools = NDArray[np.bool_]


@dataclass(frozen=True, kw_only=True)
class Detections:
    """Predictions of one image, any order."""

    xyxy: Floats
    """(N, 4) in pixels."""
    scores: Floats
    """(N,) in [0, 1]."""
    labels: NDArray[np.int64]
    """(N,) class indices."""


@dataclass(frozen=True, kw_only=True)
class Truth:
    """True boxes of one image."""

    xyxy: Floats
    """(M, 4) in pixels."""
    labels: NDArray[np.int64]
    """(M,) class indices."""
    evidence: tuple[str, ...] = ()
    """(M,) kind of evidence of each box; empty where it is not known."""

    @classmethod
    def of(cls, boxes: Boxes) -> Truth:
        """The true boxes of a dataset's sample."""
        return cls(
            xyxy=np.array(boxes.xyxy, dtype=np.float64).reshape(-1, 4),
            labels=np.array(boxes.labels, dtype=np.int64),
            evidence=boxes.evidence,
        )


@dataclass(frozen=True, kw_only=True)
class Matches:
    """Every prediction of a set of images for one class, in order of falling score."""

    image: NDArray[np.int64]
    """(N,) index of the image."""
    scores: Floats
    """(N,)"""
    correct: Bools
    """(10, N): matched to a true box that counts, per IoU threshold."""
    ignored: Bools
    """(10, N): neither right nor wrong, per IoU threshold."""
    num_truth: NDArray[np.int64]
    """(num_images,) true boxes that count, per image."""


def box_iou(first: Floats, second: Floats) -> Floats:
    """Intersection over union of every pair, (N, M), of boxes (N, 4) and (M, 4), xyxy."""
    top_left = np.maximum(first[:, None, :2], second[None, :, :2])
    bottom_right = np.minimum(first[:, None, 2:], second[None, :, 2:])
    overlap = np.clip(bottom_right - top_left, 0.0, None).prod(axis=2)
    areas = [(boxes[:, 2] - boxes[:, 0]) * (boxes[:, 3] - boxes[:, 1]) for boxes in (first, second)]
    union = areas[0][:, None] + areas[1][None, :] - overlap
    iou: Floats = np.divide(overlap, union, out=np.zeros_like(overlap), where=union > 0)
    return iou


def match_class(
    detections: Sequence[Detections], truths: Sequence[Truth], label: int, *, evidence: str | None = None
) -> Matches:
    """Match the predictions of one class over a set of images.

    Args:
        detections: Per image.
        truths: Per image, in the same order.
        label: The class.
        evidence: Count only true boxes of this kind of evidence and ignore the others; None: count all.
    """
    parts: list[tuple[NDArray[np.int64], Floats, Bools, Bools]] = []
    num_truth = np.zeros(len(truths), dtype=np.int64)
    for index, (detected, truth) in enumerate(zip(detections, truths, strict=True)):
        mine, theirs = detected.labels == label, truth.labels == label
        ignore = np.array([evidence is not None and kind != evidence for kind in truth.evidence], dtype=bool)
        ignore = ignore[theirs] if truth.evidence else np.zeros(int(theirs.sum()), dtype=bool)
        order = np.argsort(-detected.scores[mine], kind="stable")[:MAX_DETECTIONS]
        correct, ignored = match_image(detected.xyxy[mine][order], truth.xyxy[theirs], ignore)
        parts.append((np.full(len(order), index), detected.scores[mine][order], correct, ignored))
        num_truth[index] = int((~ignore).sum())
    scores = np.concatenate([part[1] for part in parts]) if parts else np.zeros(0)
    order = np.argsort(-scores, kind="stable")
    empty = np.zeros((len(IOU_THRESHOLDS), 0), dtype=bool)
    return Matches(
        image=np.concatenate([part[0] for part in parts])[order].astype(np.int64) if parts else np.zeros(0, np.int64),
        scores=scores[order],
        correct=np.concatenate([empty, *(part[2] for part in parts)], axis=1)[:, order],
        ignored=np.concatenate([empty, *(part[3] for part in parts)], axis=1)[:, order],
        num_truth=num_truth,
    )


def match_image(predicted: Floats, truth: Floats, ignore: Bools) -> tuple[Bools, Bools]:
    """Match one image and class.

    Args:
        predicted: (N, 4) in order of falling score.
        truth: (M, 4).
        ignore: (M,) true boxes that neither count as found nor as missed.

    Returns:
        (10, N) correct and (10, N) ignored.
    """
    correct = np.zeros((len(IOU_THRESHOLDS), len(predicted)), dtype=bool)
    ignored = np.zeros_like(correct)
    if not len(predicted) or not len(truth):
        return correct, ignored
    iou = box_iou(predicted, truth)
    for row, threshold in enumerate(IOU_THRESHOLDS):
        free = np.ones(len(truth), dtype=bool)
        for column in range(len(predicted)):
            chosen = _choose(iou[column], free, ignore, threshold)
            if chosen is not None:
                free[chosen] = False
                (ignored if ignore[chosen] else correct)[row, column] = True
    return correct, ignored


def _choose(iou: Floats, free: Bools, ignore: Bools, threshold: float) -> int | None:
    # Boxes that count come first; an ignored one is taken only where none of them fits.
    for group in (free & ~ignore, free & ignore):
        candidates = np.flatnonzero(group & (iou >= min(threshold, 1 - 1e-10)))
        if candidates.size:
            # The last of equals, as COCOeval, which compares with "not smaller".
            best = iou[candidates]
            return int(candidates[len(best) - 1 - int(np.argmax(best[::-1]))])
    return None
