"""From confusion counts per image to result rows and per-image values."""

from __future__ import annotations

import math
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from downstream.segment.counts import (
    EVIDENCE_KINDS,
    Counts,
    Floats,
    evidence_iou,
    mean_iou,
    pixel_accuracy,
)
from downstream.segment.settings import COUNTINGS, ClassCounting
from downstream.task import Score
from suite.statistics.intervals import mean_interval, resample_counts, score_interval

if TYPE_CHECKING:
    import pandas as pd


@dataclass(frozen=True, kw_only=True)
class Judged:
    """What was measured on the test images."""

    counts: Mapping[str, Counts]
    """By id, (4, C, C)."""
    boundary: Mapping[str, float]
    """By id; nan where undefined."""


def score_segmentation(
    judged: Judged, classes: Sequence[str], counting: ClassCounting, unlabelled: int | None, *, resamples: int
) -> tuple[list[Score], dict[str, Floats]]:
    """Every score of one network on one set of images.

    Args:
        judged: Per image.
        classes: Names in order of their ids.
        counting: The headline way of counting classes; the others are reported beside it.
        unlabelled: The unlabelled class, or None where the dataset has none.
        resamples: Bootstrap draws over images.

    Returns:
        The scores, and metric -> its value in every bootstrap resample.
    """
    replicates: dict[str, Floats] = {}
    stacked = np.stack(list(judged.counts.values()))
    confusion = stacked.sum(axis=(0, 1))

    draws = resample_counts(len(stacked), num_resamples=resamples)
    resampled = np.tensordot(draws, stacked, axes=1)

    def with_interval(metric: str, score: Callable[[Counts], float], n: int = len(stacked)) -> Score:
        replicates[metric] = np.array([score(counts) for counts in resampled])
        value = score(stacked.sum(axis=0))
        low, high = score_interval(value, replicates[metric], len(stacked))
        return Score(metric=metric, value=value, ci_low=low, ci_high=high, n=n)

    def miou_of(way: ClassCounting) -> Callable[[Counts], float]:
        return lambda counts: mean_iou(counts.sum(axis=0), way, unlabelled).value

    def iou_of(label: int) -> Callable[[Counts], float]:
        return lambda counts: float(mean_iou(counts.sum(axis=0), counting, unlabelled).per_class[label])

    scores = [with_interval("miou", miou_of(counting))]
    for way in COUNTINGS:
        scores.append(with_interval(f"miou/{way}", miou_of(way)))
        number = mean_iou(confusion, way, unlabelled).num_classes
        scores.append(Score(metric=f"num_classes/{way}", value=float(number), n=len(stacked)))
    scores += [
        with_interval(f"iou/{name}", iou_of(label), int(confusion[label].sum()))
        for label, name in enumerate(classes)
        if not (label == unlabelled and counting != "all")
    ]
    left_out = None if counting == "all" else unlabelled
    scores.append(with_interval("pixel_accuracy", lambda counts: pixel_accuracy(counts.sum(axis=0), left_out)))
    boundary = np.array(list(judged.boundary.values()))
    low, high = mean_interval(boundary)
    known = boundary[~np.isnan(boundary)]
    mean = float(known.mean()) if known.size else math.nan
    scores.append(Score(metric="boundary_f1", value=mean, ci_low=low, ci_high=high, n=known.size))
    scores += _evidence_scores(stacked, unlabelled, with_interval)
    return scores, replicates


def _evidence_scores(
    stacked: Counts, unlabelled: int | None, with_interval: Callable[[str, Callable[[Counts], float]], Score]
) -> list[Score]:
    found = [kind for index, kind in enumerate(EVIDENCE_KINDS) if index and stacked[:, index].any()]

    def iou_of(kind: str) -> Callable[[Counts], float]:
        return lambda counts: evidence_iou(counts, kind, unlabelled).value

    return [with_interval(f"miou/evidence:{kind}", iou_of(kind)) for kind in found]


def per_image_table(
    judged: Judged, classes: Sequence[str], counting: ClassCounting, unlabelled: int | None
) -> pd.DataFrame:
    """Long table `id, metric, value`: scores of each image, and its counts per class (tp/, fp/, fn/).

    A per-image mIoU serves paired tests and the gallery; it is not what the dataset's mIoU is made of.
    """
    import pandas as pd

    rows: list[tuple[str, str, float]] = []
    left_out = None if counting == "all" else unlabelled
    for sample_id, counts in judged.counts.items():
        confusion = counts.sum(axis=0)
        rows.append((sample_id, "miou", mean_iou(confusion, counting, unlabelled).value))
        rows.append((sample_id, "pixel_accuracy", pixel_accuracy(confusion, left_out)))
        rows.append((sample_id, "boundary_f1", judged.boundary[sample_id]))
        if left_out is not None:
            confusion = confusion.copy()
            confusion[left_out] = 0
        right = np.diagonal(confusion)
        for label, name in enumerate(classes):
            fp, fn = confusion[:, label].sum() - right[label], confusion[label].sum() - right[label]
            if right[label] + fp + fn:
                values = {"tp": right[label], "fp": fp, "fn": fn}
                rows += [(sample_id, f"{key}/{name}", float(value)) for key, value in values.items()]
    return pd.DataFrame(rows, columns=["id", "metric", "value"])
