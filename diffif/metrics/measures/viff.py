"""VIFF: visual information fidelity for fusion, which at each place looks to the source with the smaller gain.

The published offset makes 1 of 0/0, so that it is always defined.
"""

from __future__ import annotations

import math

import torch
from torch import Tensor

from diffif.metrics.derived.planes import Triple, sum_over_pixels
from diffif.metrics.derived.pyramid import NUM_SCALES, SMALLEST_SIDE, FidelityRules, gain_and_residual, local_variance
from diffif.metrics.metric import Metric, Rules, one_definition

SCALE_WEIGHTS = (1 / 2.15, 0.0, 0.15 / 2.15, 1 / 2.15)
"""Of the four scales, finest first, from the authors' published implementation."""
NOISE_VARIANCE = 0.005 * 255 * 255
OFFSET = 1e-7
_PYRAMID = FidelityRules()


def measure(triple: Triple, rules: Rules) -> Tensor:
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
    return sum_over_pixels(numerator) / sum_over_pixels(denominator)


METRIC = Metric(
    name="viff",
    label="VIFF",
    summary="visual information fidelity for fusion",
    higher_is_better=True,
    value_range=(0.0, math.inf),
    citation="Han, Cai, Cao and Xu, Information Fusion 14(2), 2013",
    smallest_side=SMALLEST_SIDE,
    rules=one_definition("standard"),
    measure=measure,
)
