"""Segmentation scores from summed confusion counts; never a mean of per-image or per-batch scores.

Counts are (4, C, C) per image: kind of evidence (none, both, infrared, visible), true class, predicted class. Where
evidence is not known everything lies in the first.
"""

from __future__ import annotations

import math
from dataclasses import dataclass

import numpy as np
import torch
from numpy.typing import NDArray

from downstream.segment.segmenter import IGNORED
from downstream.segment.settings import ClassCounting
from suite.errors import ImageError

EVIDENCE_KINDS = ("none", "both", "infrared", "visible")
"""In the order of the ids in an evidence mask."""

Ids = NDArray[np.uint8]
Counts = NDArray[np.int64]
Floats = NDArray[np.float64]


def count_image(truth: Ids, predicted: Ids, num_classes: int, evidence: Ids | None = None) -> Counts:
    """Confusion counts of one image.

    Args:
        truth: Class ids, (H, W); 255 is left out.
        predicted: Class ids, (H, W).
        num_classes: C.
        evidence: Kind of evidence per pixel, (H, W), ids 0 to 3.

    Returns:
        (4, C, C): evidence, true class, predicted class.

    Raises:
        ImageError: sizes differ, or an id is out of range.
    """
    from torchmetrics.functional.classification import multiclass_confusion_matrix

    if truth.shape != predicted.shape or (evidence is not None and evidence.shape != truth.shape):
        raise ImageError(f"truth {truth.shape} and prediction {predicted.shape} must be of one size.")
    for which, ids in (("truth", truth[truth != IGNORED]), ("prediction", predicted)):
        if ids.size and int(ids.max()) >= num_classes:
            raise ImageError(f"the {which} holds class id {int(ids.max())}; expected 0 to {num_classes - 1} or 255.")
    kinds = np.zeros_like(truth) if evidence is None else evidence
    counts = np.zeros((len(EVIDENCE_KINDS), num_classes, num_classes), dtype=np.int64)
    for kind in np.unique(kinds[truth != IGNORED]):
        chosen = (kinds == kind) & (truth != IGNORED)
        matrix = multiclass_confusion_matrix(
            torch.from_numpy(predicted[chosen].astype(np.int64)),
            torch.from_numpy(truth[chosen].astype(np.int64)),
            num_classes=num_classes,
            validate_args=False,
        )
        counts[int(kind)] = matrix.numpy()
    return counts


def iou_per_class(confusion: Counts) -> Floats:
    """IoU of every class, (C,), of summed counts (C, C); nan where neither truth nor prediction has the class."""
    right = np.diagonal(confusion).astype(np.float64)
    union = confusion.sum(axis=0) + confusion.sum(axis=1) - np.diagonal(confusion)
    iou: Floats = np.divide(right, union, out=np.full(len(right), math.nan), where=union > 0)
    return iou


@dataclass(frozen=True, kw_only=True)
class MeanIoU:
    """A mean IoU and how many classes it is the mean of."""

    value: float
    num_classes: int
    per_class: Floats
    """(C,); nan where a class is left out."""


def mean_iou(confusion: Counts, counting: ClassCounting, unlabelled: int | None) -> MeanIoU:
    """Mean IoU of summed counts in one of the ways that published tables count classes.

    Args:
        confusion: (C, C) over all pixels, unlabelled ones included.
        counting: "all": every class, the unlabelled one too. "ignore-unlabelled": its pixels and its class are left
            out. "present": as before, and classes without a true pixel are left out even if they were predicted.
            In all three a class that is absent from truth and prediction is nan and left out.
        unlabelled: The unlabelled class, or None where the dataset has none.
    """
    if counting != "all" and unlabelled is not None:
        confusion = confusion.copy()
        confusion[unlabelled, :] = 0
    per_class = iou_per_class(confusion)
    if counting != "all" and unlabelled is not None:
        per_class[unlabelled] = math.nan
    if counting == "present":
        per_class[confusion.sum(axis=1) == 0] = math.nan
    known = per_class[~np.isnan(per_class)]
    return MeanIoU(value=float(known.mean()) if known.size else math.nan, num_classes=known.size, per_class=per_class)


def evidence_iou(counts: Counts, kind: str, unlabelled: int | None) -> MeanIoU:
    """Mean IoU of the objects of one kind of evidence.

    Pixels of objects with other evidence are left out, neither right nor wrong; pixels without evidence stay, so that
    false alarms count. The mean is over the classes that have true pixels of this kind.

    Args:
        counts: (4, C, C) summed over images.
        kind: "both", "infrared" or "visible".
        unlabelled: As in `mean_iou`.
    """
    chosen = counts[EVIDENCE_KINDS.index(kind)]
    confusion = counts[0] + chosen
    if unlabelled is not None:
        confusion[unlabelled, :] = 0
    per_class = iou_per_class(confusion)
    per_class[chosen.sum(axis=1) == 0] = math.nan
    known = per_class[~np.isnan(per_class)]
    return MeanIoU(value=float(known.mean()) if known.size else math.nan, num_classes=known.size, per_class=per_class)


def pixel_accuracy(confusion: Counts, unlabelled: int | None) -> float:
    """Share of labelled pixels with the right class; nan without labelled pixels."""
    kept = np.delete(confusion, unlabelled, axis=0) if unlabelled is not None else confusion
    right = int(np.trace(confusion)) - (int(confusion[unlabelled, unlabelled]) if unlabelled is not None else 0)
    return right / int(kept.sum()) if kept.sum() else math.nan
