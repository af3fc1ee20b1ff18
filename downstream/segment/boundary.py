"""Boundary F1: do the outlines lie where they should, whatever the area inside?

Csurka et al., What is a good evaluation measure for semantic segmentation?, BMVC 2013: a predicted boundary pixel is
right if a true boundary pixel of the class lies within a tolerance of 0.75 % of the image diagonal, and vice versa.
"""

from __future__ import annotations

import math

import cv2
import numpy as np
from numpy.typing import NDArray

from downstream.segment.segmenter import IGNORED

TOLERANCE = 0.0075
"""Share of the image diagonal."""

Ids = NDArray[np.uint8]
Mask = NDArray[np.bool_]


def boundary_f1(truth: Ids, predicted: Ids, *, unlabelled: int | None = None) -> float:
    """Mean over the classes of one image of the F1 of their boundaries.

    Args:
        truth: Class ids, (H, W); 255 is left out.
        predicted: Class ids, (H, W).
        unlabelled: A further class to leave out, or None.

    Returns:
        In [0, 1]; nan where no class has a true boundary (one class fills the image).
    """
    left_out = truth == IGNORED
    if unlabelled is not None:
        left_out |= truth == unlabelled
    radius = max(1, round(TOLERANCE * math.hypot(*truth.shape)))
    # Outlines against left-out pixels are the annotator's limit, not an object's.
    usable = ~_grow(left_out, radius) if left_out.any() else np.ones_like(left_out)
    scores = []
    for label in np.unique(truth[~left_out]).tolist():
        true_edge = _edge(truth == label) & usable
        if true_edge.any():
            scores.append(_f1(true_edge, _edge(predicted == label) & usable, radius))
    return float(np.mean(scores)) if scores else math.nan


def _f1(true_edge: Mask, found_edge: Mask, radius: int) -> float:
    if not found_edge.any():
        return 0.0
    precision = float((found_edge & _grow(true_edge, radius)).sum() / found_edge.sum())
    recall = float((true_edge & _grow(found_edge, radius)).sum() / true_edge.sum())
    return 2 * precision * recall / (precision + recall) if precision + recall else 0.0


def _edge(region: Mask) -> Mask:
    # Inner boundary; the image border is no boundary.
    padded = cv2.copyMakeBorder(region.astype(np.uint8), 1, 1, 1, 1, cv2.BORDER_REPLICATE)
    inner = cv2.erode(padded, np.ones((3, 3), np.uint8))[1:-1, 1:-1]
    return np.asarray(region & (inner == 0), dtype=np.bool_)


def _grow(region: Mask, radius: int) -> Mask:
    disc = cv2.getStructuringElement(cv2.MORPH_ELLIPSE, (2 * radius + 1, 2 * radius + 1))
    return np.asarray(cv2.dilate(region.astype(np.uint8), disc) > 0, dtype=np.bool_)
