"""Average precision as COCO defines it: 101 recall points, precision made monotone, mean over classes and thresholds.

Equal to pycocotools on the same boxes (tested to 1e-9). Ultralytics prints slightly other values for the same
predictions: it integrates the interpolated curve by trapezoids and allows 300 predictions per image.
"""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from downstream.detect.matching import IOU_THRESHOLDS, Floats, Matches

RECALL_POINTS = np.linspace(0.0, 1.0, 101)

Counts = NDArray[np.int64]


def average_precision(matches: Matches, counts: Counts | None = None, *, num_thresholds: int = 10) -> Floats:
    """AP of one class, per IoU threshold.

    Args:
        matches: Of one class.
        counts: How often each image counts (a bootstrap resample), (num_images,); None: once each.
        num_thresholds: Only the first so many thresholds; 1 gives AP at IoU 0.5 alone.

    Returns:
        (num_thresholds,) in [0, 1]; nan where the images hold no true box of the class.
    """
    weights = np.ones(len(matches.num_truth), dtype=np.int64) if counts is None else counts
    total = int(matches.num_truth @ weights)
    if total == 0:
        return np.full(num_thresholds, math.nan)
    weight = weights[matches.image]
    return np.array([_threshold_ap(matches, row, weight, total) for row in range(num_thresholds)])


def resampled_average_precision(matches: Matches, draws: Counts) -> Floats:
    """`average_precision` in every bootstrap resample, all resamples at once and equal to the last bit.

    Recall rises, and precision has its maxima, only where a prediction is right: between two of them all that counts
    is how many predictions each image added, so that a resample is one row of a matrix product.

    Args:
        matches: Of one class.
        draws: How often each image counts in each resample, (B, num_images).

    Returns:
        (B, 10) in [0, 1]; nan where a resample holds no true box of the class.
    """
    found = np.zeros((len(draws), len(IOU_THRESHOLDS)))
    total = draws @ matches.num_truth
    weights = draws.astype(np.float64)
    for row in range(len(IOU_THRESHOLDS)):
        right_at = np.flatnonzero(matches.correct[row])
        if not right_at.size:
            continue
        right = np.cumsum(draws[:, matches.image[right_at]], axis=1)
        shown = weights @ _shown_by_image(matches, row, right_at).T
        precision = np.divide(right, shown, out=np.zeros(shown.shape), where=shown > 0)
        envelope = np.maximum.accumulate(precision[:, ::-1], axis=1)[:, ::-1]
        for draw in np.flatnonzero(total):
            position = np.searchsorted(right[draw] / total[draw], RECALL_POINTS, side="left")
            found[draw, row] = np.append(envelope[draw], 0.0)[position].mean()
    found[total == 0] = math.nan
    return found


def _shown_by_image(matches: Matches, row: int, right_at: NDArray[np.intp]) -> Floats:
    """How many predictions each image has shown up to each right one, (num_right, num_images); ignored ones not."""
    steps = np.zeros((len(right_at) + 1, len(matches.num_truth)))
    counted = ~matches.ignored[row]
    step = np.searchsorted(right_at, np.arange(len(matches.image)), side="left")
    np.add.at(steps, (step[counted], matches.image[counted]), 1.0)
    shown: Floats = np.cumsum(steps[:-1], axis=0)
    return shown


def precision_at_recall(matches: Matches, *, threshold_index: int = 0) -> Floats:
    """Interpolated precision at the 101 recall points, (101,); nan where there is no true box."""
    total = int(matches.num_truth.sum())
    if total == 0:
        return np.full(len(RECALL_POINTS), math.nan)
    return _interpolated(matches, threshold_index, np.ones(len(matches.image), dtype=np.int64), total)


def mean_average_precision(
    by_class: Sequence[Matches], counts: Counts | None = None, *, num_thresholds: int = 10
) -> float:
    """Mean AP over thresholds and over the classes that have a true box; nan where none has."""
    per_class = [float(average_precision(m, counts, num_thresholds=num_thresholds).mean()) for m in by_class]
    known = [value for value in per_class if not math.isnan(value)]
    return float(np.mean(known)) if known else math.nan


@dataclass(frozen=True, kw_only=True)
class OperatingPoint:
    """Precision and recall at one confidence, IoU 0.5, mean over the classes that have a true box."""

    confidence: float
    precision: float
    recall: float
    f1: float


def best_operating_point(by_class: Sequence[Matches]) -> OperatingPoint:
    """The confidence at which the mean F1 over classes is greatest, as ultralytics reports precision and recall.

    The point is chosen on the images that are scored, so it flatters every method a little and all in the same way.
    """
    grid = np.linspace(0.0, 1.0, 1001)
    known = [m for m in by_class if m.num_truth.sum() > 0]
    if not known:
        return OperatingPoint(confidence=math.nan, precision=math.nan, recall=math.nan, f1=math.nan)
    curves = np.array([_precision_recall_at(m, grid) for m in known])
    precision, recall = curves[:, 0], curves[:, 1]
    total = precision + recall
    f1 = np.divide(2 * precision * recall, total, out=np.zeros_like(total), where=total > 0).mean(axis=0)
    best = int(np.argmax(f1))
    return OperatingPoint(
        confidence=float(grid[best]),
        precision=float(precision[:, best].mean()),
        recall=float(recall[:, best].mean()),
        f1=float(f1[best]),
    )


def image_counts(by_class: Sequence[Matches], confidence: float) -> Mapping[str, Counts]:
    """True positives, false positives and misses per image at IoU 0.5 and one confidence, each (num_images,)."""
    num_images = len(by_class[0].num_truth)
    tp, fp = np.zeros(num_images, dtype=np.int64), np.zeros(num_images, dtype=np.int64)
    truth = np.zeros(num_images, dtype=np.int64)
    for matches in by_class:
        kept = (matches.scores >= confidence) & ~matches.ignored[0]
        np.add.at(tp, matches.image[kept & matches.correct[0]], 1)
        np.add.at(fp, matches.image[kept & ~matches.correct[0]], 1)
        truth += matches.num_truth
    return {"tp": tp, "fp": fp, "fn": truth - tp}


def _precision_recall_at(matches: Matches, confidences: Floats) -> Floats:
    counted = ~matches.ignored[0]
    scores, correct = matches.scores[counted], matches.correct[0][counted]
    kept = np.searchsorted(-scores, -confidences, side="right")
    found = np.concatenate([[0], np.cumsum(correct)])[kept]
    precision = np.divide(found, kept, out=np.zeros(len(confidences)), where=kept > 0)
    return np.stack([precision, found / matches.num_truth.sum()])


def _threshold_ap(matches: Matches, row: int, weight: Counts, total: int) -> float:
    return float(_interpolated(matches, row, weight, total).mean())


def _interpolated(matches: Matches, row: int, weight: Counts, total: int) -> Floats:
    counted = weight * ~matches.ignored[row]
    right = np.cumsum(counted * matches.correct[row])
    shown = np.cumsum(counted)
    recall = right / total
    precision = np.divide(right, shown, out=np.zeros(len(shown)), where=shown > 0)
    # The best precision at this recall or beyond.
    envelope = np.maximum.accumulate(precision[::-1])[::-1]
    position = np.searchsorted(recall, RECALL_POINTS, side="left")
    return np.where(position < len(envelope), np.append(envelope, 0.0)[position], 0.0)


assert len(IOU_THRESHOLDS) == 10, "num_thresholds defaults to COCO's ten"
