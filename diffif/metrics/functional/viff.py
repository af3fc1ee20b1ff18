"""VIFF: visual information fidelity for fusion, which at each place looks to the source with the smaller gain."""

from __future__ import annotations

import torch
from torch import Tensor

from diffif.metrics.evaluation import evaluate_one
from diffif.metrics.functional.vif import gain_and_residual
from diffif.metrics.planes import Triple
from diffif.metrics.pyramid import NUM_SCALES, local_variance
from diffif.metrics.rules import FidelityRules, Rules

SCALE_WEIGHTS = (1 / 2.15, 0.0, 0.15 / 2.15, 1 / 2.15)
"""Of the four scales, finest first, from the authors' published implementation."""
NOISE_VARIANCE = 0.005 * 255 * 255
OFFSET = 1e-7
_PYRAMID = FidelityRules()


def measure_viff(triple: Triple, rules: Rules) -> Tensor:
    """(B,): weighted sum over scales of information kept over information present."""
    ratios = [weight * _scale_ratio(triple, scale) for scale, weight in enumerate(SCALE_WEIGHTS) if weight]
    return torch.stack(ratios).sum(dim=0)


def _scale_ratio(triple: Triple, scale: int) -> Tensor:
    assert scale < NUM_SCALES
    gains, kept, present = [], [], []
    for source in triple.sources:
        gain, signal, residual = gain_and_residual(source, triple.fused, scale, _PYRAMID)
        variance = source.derive(local_variance, scale, _PYRAMID)
        gains.append(gain)
        kept.append(torch.log1p(signal / (residual + NOISE_VARIANCE)))
        present.append(torch.log1p(variance / NOISE_VARIANCE))
    # The published comparison is "infrared < visible": at equal gains the second source is taken.
    first = gains[1] < gains[0]
    numerator = torch.where(first, kept[1], kept[0]) + OFFSET
    denominator = torch.where(first, present[1], present[0]) + OFFSET
    return numerator.sum(dim=(-2, -1), dtype=torch.float64) / denominator.sum(dim=(-2, -1), dtype=torch.float64)


def viff(fused: Tensor, visible: Tensor, infrared: Tensor, *, convention: str = "standard") -> Tensor:
    """Visual information fidelity for fusion (Han et al.); higher is better.

    Args:
        fused: Y of the fused image, (B, 1, H, W), float in [0, 1], H and W at least 41.
        visible: Y of the visible source, same shape and range.
        infrared: The infrared source, same shape and range.
        convention: Which published definition to follow; see `conventions.py`.

    Returns:
        (B,), 0 or more; never nan (the published offset makes 1 of 0/0).

    Raises:
        ImageError: shapes differ, an image is too small for four scales, or a value lies outside [0, 1].

    Source: Han, Cai, Cao and Xu, Information Fusion 14(2), 2013.
    """
    return evaluate_one("viff", fused, visible, infrared, convention=convention)
