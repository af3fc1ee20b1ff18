"""From predictions and truth to result rows, per-image values and PR curves."""

from __future__ import annotations

import math
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
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
)
from downstream.detect.matching import Detections, Floats, Matches, Truth, match_class
from suite.statistics.intervals import bootstrap_scores, percentile_interval

if TYPE_CHECKING:
    import pandas as pd

    from suite.records import Row

MakeRow = Callable[..., "Row"]


@dataclass(frozen=True, kw_only=True)
class Score:
    """One number of a detector, without saying whose it is."""

    metric: str
    value: float
    ci_low: float = math.nan
    ci_high: float = math.nan
    n: int = 0


@dataclass(frozen=True, kw_only=True)
class Scores:
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
) -> Scores:
    """Score the predictions of one detector on one set of images.

    Args:
        ids: Of the images.
        detections: Per image.
        truths: Per image.
        classes: Names in order of their ids.
        resamples: Bootstrap draws over images.
    """
    matches = [match_class(detections, truths, label) for label in range(len(classes))]
    point = best_operating_point(matches)
    num_images = len(ids)
    replicates: dict[str, Floats] = {}
    scores = [
        _with_interval("map50", matches, replicates, resamples, num_thresholds=1),
        _with_interval("map50_95", matches, replicates, resamples, num_thresholds=10),
        Score(metric="precision", value=point.precision, n=num_images),
        Score(metric="recall", value=point.recall, n=num_images),
        Score(metric="f1", value=point.f1, n=num_images),
    ]
    for name, found in zip(classes, matches, strict=True):
        ap = average_precision(found)
        boxes = int(found.num_truth.sum())
        scores.append(Score(metric=f"ap50/{name}", value=float(ap[0]), n=boxes))
        scores.append(Score(metric=f"ap50_95/{name}", value=float(ap.mean()), n=boxes))
    scores += _evidence_scores(detections, truths, len(classes), replicates, resamples)
    return Scores(
        scores=tuple(scores),
        point=point,
        per_image=_per_image(ids, matches, point),
        pr_curve=_pr_curve(matches, classes),
        replicates=replicates,
    )


def _with_interval(
    metric: str,
    matches: Sequence[Matches],
    replicates: dict[str, Floats],
    resamples: int,
    *,
    num_thresholds: int,
    num_boxes: int | None = None,
) -> Score:
    def score(counts: Counts) -> float:
        return mean_average_precision(matches, counts, num_thresholds=num_thresholds)

    num_images = len(matches[0].num_truth)
    replicates[metric] = bootstrap_scores(score, num_images, num_resamples=resamples)
    low, high = percentile_interval(replicates[metric])
    value = mean_average_precision(matches, num_thresholds=num_thresholds)
    return Score(metric=metric, value=value, ci_low=low, ci_high=high, n=num_images if num_boxes is None else num_boxes)


def _evidence_scores(
    detections: Sequence[Detections],
    truths: Sequence[Truth],
    num_classes: int,
    replicates: dict[str, Floats],
    resamples: int,
) -> list[Score]:
    scores = []
    for kind in sorted({kind for truth in truths for kind in truth.evidence}):
        matches = [match_class(detections, truths, label, evidence=kind) for label in range(num_classes)]
        boxes = int(sum(found.num_truth.sum() for found in matches))
        for metric, num_thresholds in (("map50", 1), ("map50_95", 10)):
            name = f"{metric}/evidence:{kind}"
            scores.append(
                _with_interval(name, matches, replicates, resamples, num_thresholds=num_thresholds, num_boxes=boxes)
            )
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
