"""RMSE: difference between the fused image and its sources, in grey levels."""

from __future__ import annotations

from torch import Tensor

from diffif.metrics.evaluation import evaluate_one
from diffif.metrics.moments import mean_square_difference
from diffif.metrics.planes import Triple
from diffif.metrics.rules import RootErrorRules


def measure_rmse(triple: Triple, rules: RootErrorRules) -> Tensor:
    """(B,): root of the mean squared error, or VIFB's norm per pixel."""
    if rules.form == "norm per pixel":
        return norm_per_pixel(triple)
    errors = [triple.between(mean_square_difference, triple.fused, source) for source in triple.sources]
    return ((errors[0] + errors[1]) / 2).sqrt()


def norm_per_pixel(triple: Triple) -> Tensor:
    """(B,): sqrt(sum of squared differences) / (H W), averaged over the sources: it shrinks as images grow."""
    num_pixels = triple.fused.levels.shape[-2] * triple.fused.levels.shape[-1]
    norms = [
        (triple.between(mean_square_difference, triple.fused, source) / num_pixels).sqrt() for source in triple.sources
    ]
    return (norms[0] + norms[1]) / 2


def rmse(fused: Tensor, visible: Tensor, infrared: Tensor, *, convention: str = "standard") -> Tensor:
    """Root mean squared error against both sources; lower is better.

    Args:
        fused: Y of the fused image, (B, 1, H, W), float in [0, 1].
        visible: Y of the visible source, same shape and range.
        infrared: The infrared source, same shape and range.
        convention: Which published definition to follow; see `conventions.py`.

    Returns:
        (B,), 0 or more, in grey levels under `standard`; never nan.

    Raises:
        ImageError: shapes differ, or a value lies outside [0, 1].

    Source: Jagalingam and Hegde, Aquatic Procedia 4, 2015.
    """
    return evaluate_one("rmse", fused, visible, infrared, convention=convention)
