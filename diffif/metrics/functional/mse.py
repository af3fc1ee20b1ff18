"""MSE: squared difference between the fused image and its sources."""

from __future__ import annotations

from torch import Tensor

from diffif.metrics.evaluation import evaluate_one
from diffif.metrics.moments import mean_square_difference
from diffif.metrics.planes import Triple
from diffif.metrics.rules import SquaredErrorRules


def measure_mse(triple: Triple, rules: SquaredErrorRules) -> Tensor:
    """(B,): mean of the two mean squared differences."""
    errors = [triple.between(mean_square_difference, triple.fused, source) for source in triple.sources]
    return (errors[0] + errors[1]) / 2 * rules.scale**2


def mse(fused: Tensor, visible: Tensor, infrared: Tensor, *, convention: str = "standard") -> Tensor:
    """Mean squared error against both sources, averaged; lower is better.

    Args:
        fused: Y of the fused image, (B, 1, H, W), float in [0, 1].
        visible: Y of the visible source, same shape and range.
        infrared: The infrared source, same shape and range.
        convention: Which published definition to follow; see `conventions.py`.

    Returns:
        (B,), 0 or more, in squared grey levels under `standard`; never nan.

    Raises:
        ImageError: shapes differ, or a value lies outside [0, 1].

    Source: Jagalingam and Hegde, Aquatic Procedia 4, 2015.
    """
    return evaluate_one("mse", fused, visible, infrared, convention=convention)
