"""SCD: whether what fusion added to one source is the other source."""

from __future__ import annotations

import torch
from torch import Tensor

from diffif.metrics.evaluation import evaluate_one
from diffif.metrics.moments import centre, centred, covariance, covariance_of
from diffif.metrics.planes import Plane, Triple
from diffif.metrics.rules import Rules


def measure_scd(triple: Triple, rules: Rules) -> Tensor:
    """(B,): r(visible, fused - infrared) + r(infrared, fused - visible)."""
    visible, infrared = triple.sources
    return _added(triple.fused, infrared, visible) + _added(triple.fused, visible, infrared)


def _added(fused: Plane, removed: Plane, expected: Plane) -> Tensor:
    """Correlation of what is left of the fused image without one source, with the other source."""
    left = centre(fused.levels - removed.levels)
    variance = covariance_of(left, left) * covariance(expected, expected)
    return covariance_of(left, expected.derive(centred)) / torch.sqrt(variance)


def scd(fused: Tensor, visible: Tensor, infrared: Tensor, *, convention: str = "standard") -> Tensor:
    """Sum of the correlations of differences; higher is better.

    Args:
        fused: Y of the fused image, (B, 1, H, W), float in [0, 1].
        visible: Y of the visible source, same shape and range.
        infrared: The infrared source, same shape and range.
        convention: Which published definition to follow; see `conventions.py`.

    Returns:
        (B,) in [-2, 2]. nan where a source is constant, or the fused image differs from one only by a constant.

    Raises:
        ImageError: shapes differ, or a value lies outside [0, 1].

    Source: Aslantas and Bendes, AEU International Journal of Electronics and Communications 69(12), 2015.
    """
    return evaluate_one("scd", fused, visible, infrared, convention=convention)
