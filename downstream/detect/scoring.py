"""From predictions and truth to result rows, per-image values and PR curves."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Any

import numpy as np

from downstream.detect.average_precision import (
    RECALL_POINTS,
    Counts,
    OperatingPoint,
    average_precision,
    best_operating_point,
    image_counts,
    mean_average_precision,
    precision_at_recall,
    resampled_average_precision,
)
from downstream.detect.matching import Detections, Floats, Matches, Truth, match_class
from downstream.task import Score
from suite.statistics.intervals import resample_counts, score_interval

if TYPE_CHECKING:
    import pandas as pd


@dataclass(frozen=True, kw_only=True)
class DetectionScores:
    """Everything that is measured on one set of predictions."""

    scores: tuple[Score, ...]
    point: OperatingPoint
    per_image: pd.DataFrame
    pr_curve: Mapping[str, Any]
    replicates: Mapping[str, Floats]
    """Metric -> its value in every bootstrap resample."""


def score_detections(
    ids: Sequence[str],
    detections: Sequence[Detections],
    truths: Sequence[Truth],
    classes: Sequence[str],
    *,
    resamples: int,
    left_out: Sequence[str] = (),
    subsets: Sequence[Sequence[str]] = (),
) -> DetectionScores:
    """Score the predictions of one detector on one set of images.

    Args:
        ids: Of the images.
        detections: Per image.
        truths: Per image.
        classes: Names in order of their ids.
        resamples: Bootstrap draws over images.
        left_out: Classes that are not scored at all.
        subsets: Per image, the parts of the dataset that it belongs to and that are scored on their own, too; empty
            where the dataset has none.
    """
    labels = [label for label, name in enumerate(classes) if name not in left_out]
    classes = [classes[label] for label in labels]
    matches = [match_class(detections, truths, label) for label in labels]
    point = best_operating_point(matches)
    num_images = len(ids)
    draws = resample_counts(num_images, num_resamples=resamples)
    replicates = {**_average_precision_replicates(matches, classes, draws), **_point_replicates(matches, point, draws)}
    scores = [
        Score(metric="map50", value=mean_average_precision(matches, num_thresholds=1), n=num_images),
        Score(metric="map50_95", value=mean_average_precision(matches), n=num_images),
        Score(metric="precision", value=point.precision, n=num_images),
        Score(metric="recall", value=point.recall, n=num_images),
        Score(metric="f1", value=point.f1, n=num_images),
    ]
    for name, found in zip(classes, matches, strict=True):
        ap = average_precision(found)
        boxes = int(found.num_truth.sum())
        scores.append(Score(metric=f"ap50/{name}", value=float(ap[0]), n=boxes))
        scores.append(Score(metric=f"ap50_95/{name}", value=float(ap.mean()), n=boxes))
    scores += _evidence_scores(detections, truths, labels, replicates, draws)
    of_parts = _subset_scores(matches, subsets, replicates, draws)
    return DetectionScores(
        scores=(
            *(_with_interval(score, replicates, num_images) for score in scores),
            *(_with_interval(score, replicates, score.n) for score in of_parts),
        ),
        point=point,
        per_image=_per_image(ids, matches, point),
        pr_curve=_pr_curve(matches, classes),
        replicates=replicates,
    )


def _with_interval(score: Score, replicates: Mapping[str, Floats], num_images: int) -> Score:
    low, high = score_interval(score.value, replicates[score.metric], num_images)
    return replace(score, ci_low=low, ci_high=high)


def _average_precision_replicates(
    matches: Sequence[Matches], classes: Sequence[str], draws: Counts
) -> dict[str, Floats]:
    """AP per class and its means in every resample, all from one pass over ten thresholds."""
    by_class = np.array([resampled_average_precision(found, draws) for found in matches])
    at_50, at_all = by_class[:, :, 0], by_class.mean(axis=2)
    found = {"map50": _mean_of_known(at_50), "map50_95": _mean_of_known(at_all)}
    for name, first, whole in zip(classes, at_50, at_all, strict=True):
        found |= {f"ap50/{name}": first, f"ap50_95/{name}": whole}
    return found


def _point_replicates(matches: Sequence[Matches], point: OperatingPoint, draws: Counts) -> dict[str, Floats]:
    """Precision, recall and F1 in every resample, at the confidence that was chosen on the whole set."""
    precisions, recalls, f1s = [], [], []
    for found in matches:
        counts = image_counts([found], point.confidence if not math.isnan(point.confidence) else 1.0)
        tp, fp, truth = draws @ counts["tp"], draws @ counts["fp"], draws @ found.num_truth
        known = np.where(truth > 0, 1.0, math.nan)
        precisions.append(known * _ratio(tp, tp + fp))
        recalls.append(known * _ratio(tp, truth))
        f1s.append(known * _ratio(2 * tp, tp + fp + truth))
    parts = {"precision": precisions, "recall": recalls, "f1": f1s}
    return {name: _mean_of_known(np.array(values)) for name, values in parts.items()}


def _ratio(part: Counts, whole: Counts) -> Floats:
    share: Floats = np.divide(part, whole, out=np.zeros(len(whole)), where=whole > 0)
    return share


def _mean_of_known(by_class: Floats) -> Floats:
    """Mean over the classes that a resample holds, (C, B) -> (B,); nan where it holds none."""
    known = np.isfinite(by_class)
    count = known.sum(axis=0)
    total = np.where(known, by_class, 0.0).sum(axis=0)
    mean: Floats = np.divide(total, count, out=np.full(len(count), math.nan), where=count > 0)
    return mean


def _evidence_scores(
    detections: Sequence[Detections],
    truths: Sequence[Truth],
    labels: Sequence[int],
    replicates: dict[str, Floats],
    draws: Counts,
) -> list[Score]:
    scores = []
    for kind in sorted({kind for truth in truths for kind in truth.evidence}):
        matches = [match_class(detections, truths, label, evidence=kind) for label in labels]
        boxes = int(sum(found.num_truth.sum() for found in matches))
        drawn = _average_precision_replicates(matches, [""] * len(labels), draws)
        for metric, num_thresholds in (("map50", 1), ("map50_95", 10)):
            name = f"{metric}/evidence:{kind}"
            replicates[name] = drawn[metric]
            value = mean_average_precision(matches, num_thresholds=num_thresholds)
            scores.append(Score(metric=name, value=value, n=boxes))
    return scores


def _subset_scores(
    matches: Sequence[Matches], subsets: Sequence[Sequence[str]], replicates: dict[str, Floats], draws: Counts
) -> list[Score]:
    """MAP over the images of each subset; its resamples are those of the whole set, so methods stay paired."""
    scores = []
    for name in sorted({name for names in subsets for name in names}):
        inside = np.array([name in names for names in subsets], dtype=np.int64)
        drawn = _average_precision_replicates(matches, [""] * len(matches), draws * inside)
        for metric, num_thresholds in (("map50", 1), ("map50_95", 10)):
            key = f"{metric}/subset:{name}"
            replicates[key] = drawn[metric]
            value = mean_average_precision(matches, inside, num_thresholds=num_thresholds)
            scores.append(Score(metric=key, value=value, n=int(inside.sum())))
    return scores


def _per_image(ids: Sequence[str], matches: Sequence[Matches], point: OperatingPoint) -> pd.DataFrame:
    import pandas as pd

    counts = image_counts(matches, point.confidence if not math.isnan(point.confidence) else 1.0)
    tp, fp, fn = counts["tp"], counts["fp"], counts["fn"]
    total = 2 * tp + fp + fn
    # An image without objects and without predictions has no F1: undefined, not perfect.
    f1 = np.divide(2.0 * tp, total, out=np.full(len(tp), math.nan), where=total > 0)
    ap50 = [_image_map50(matches, index) for index in range(len(ids))]
    values: dict[str, Sequence[float]] = {"f1": list(f1), "map50": ap50}
    values |= {name: [float(v) for v in count] for name, count in counts.items()}
    frames = [pd.DataFrame({"id": list(ids), "metric": name, "value": column}) for name, column in values.items()]
    return pd.concat(frames, ignore_index=True)


def _image_map50(matches: Sequence[Matches], index: int) -> float:
    only = np.zeros(len(matches[0].num_truth), dtype=np.int64)
    only[index] = 1
    return mean_average_precision(matches, only, num_thresholds=1)


def _pr_curve(matches: Sequence[Matches], classes: Sequence[str]) -> dict[str, Any]:
    curves = {name: precision_at_recall(found) for name, found in zip(classes, matches, strict=True)}
    known = [curve for curve in curves.values() if not np.isnan(curve).any()]
    precision = {"all": np.mean(known, axis=0).tolist()} if known else {}
    precision |= {name: curve.tolist() for name, curve in curves.items() if not np.isnan(curve).any()}
    return {"iou": 0.5, "recall": RECALL_POINTS.tolist(), "precision": precision}
