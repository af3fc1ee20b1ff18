"""SF: how much neighbouring pixels of the fused image differ."""

from __future__ import annotations

import torch
from torch import Tensor

from diffif.metrics.evaluation import evaluate_one
from diffif.metrics.planes import Triple, mean_over_pixels
from diffif.metrics.rules import FrequencyRules


def measure_sf(triple: Triple, rules: FrequencyRules) -> Tensor:
    """(B,): root of the mean squared row difference plus the mean squared column difference."""
    levels = triple.fused.levels
    rows = levels.diff(dim=-1).square_()
    columns = levels.diff(dim=-2).square_()
    if rules.divisor == "differences":
        return (mean_over_pixels(rows) + mean_over_pixels(columns)).sqrt() * rules.scale
    total = rows.sum(dim=(-2, -1), dtype=torch.float64) + columns.sum(dim=(-2, -1), dtype=torch.float64)
    return (total / (levels.shape[-2] * levels.shape[-1])).sqrt() * rules.scale


def sf(fused: Tensor, visible: Tensor, infrared: Tensor, *, convention: str = "standard") -> Tensor:
    """Spatial frequency of the fused image, in grey levels; higher is better.

    Args:
        fused: Y of the fused image, (B, 1, H, W), float in [0, 1], H and W at least 2.
        visible: Y of the visible source, same shape and range; only checked.
        infrared: The infrared source, same shape and range; only checked.
        convention: Which published definition to follow; see `conventions.py`.

    Returns:
        (B,) in [0, 361); never nan.

    Raises:
        ImageError: shapes differ, or a value lies outside [0, 1].

    Source: Eskicioglu and Fisher, IEEE Transactions on Communications 43(12), 1995.
    """
    return evaluate_one("sf", fused, visible, infrared, convention=convention)
