"""SD: the contrast of the fused image."""

from __future__ import annotations

import torch
from torch import Tensor

from diffif.metrics.evaluation import evaluate_one
from diffif.metrics.moments import covariance
from diffif.metrics.planes import MAX_LEVEL, Plane, Triple, mean_over_pixels, round_half_up
from diffif.metrics.rules import DeviationRules


def measure_sd(triple: Triple, rules: DeviationRules) -> Tensor:
    """(B,): standard deviation of the fused levels; the divisor is the number of pixels."""
    if rules.saturate:
        return _saturated(triple.fused)
    return covariance(triple.fused, triple.fused).sqrt()


def _saturated(plane: Plane) -> Tensor:
    """As uint8 arithmetic has it: negative deviations become 0, and squares above 255 become 255."""
    levels = plane.levels.to(torch.float64)
    deviation = round_half_up(levels - levels.mean(dim=(-2, -1), keepdim=True)).clamp(min=0, max=MAX_LEVEL)
    return mean_over_pixels(deviation.square().clamp(max=MAX_LEVEL)).sqrt()


def sd(fused: Tensor, visible: Tensor, infrared: Tensor, *, convention: str = "standard") -> Tensor:
    """Standard deviation of the fused image, in grey levels; higher is better.

    Args:
        fused: Y of the fused image, (B, 1, H, W), float in [0, 1].
        visible: Y of the visible source, same shape and range; only checked.
        infrared: The infrared source, same shape and range; only checked.
        convention: Which published definition to follow; see `conventions.py`.

    Returns:
        (B,) in [0, 127.5]; never nan.

    Raises:
        ImageError: shapes differ, or a value lies outside [0, 1].

    Source: Rao, Measurement Science and Technology 8(4), 1997.
    """
    return evaluate_one("sd", fused, visible, infrared, convention=convention)
