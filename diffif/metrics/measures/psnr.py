"""PSNR: the fused image's peak against its difference from the sources.

It is infinite where the fused image equals both. `tang` and `ivif-zoo` set a peak of 255 against an error in [0, 1], so
that their values are about 48 dB higher.
"""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import Literal

import torch
from torch import Tensor

from diffif.metrics.derived.moments import mean_square_difference, norm_per_pixel
from diffif.metrics.derived.planes import MAX_LEVEL, Triple
from diffif.metrics.metric import Metric, Rules


@dataclass(frozen=True, kw_only=True)
class SignalToNoiseRules(Rules):
    """What toolkits do otherwise in PSNR."""

    error: Literal["squared", "squared, unit range", "norm per pixel"] = "squared"
    """Mean squared error in grey levels; in [0, 1]; or VIFB's RMSE, taken for a squared error."""
    peak: Literal["fused maximum", "255"] = "fused maximum"
    """The signal's peak."""


def measure(triple: Triple, rules: SignalToNoiseRules) -> Tensor:
    """(B,): ten times the decimal logarithm of peak squared over error."""
    peak = triple.fused.levels.amax(dim=(-2, -1)).to(torch.float64) if rules.peak == "fused maximum" else MAX_LEVEL
    return 10 * torch.log10(peak**2 / _error(triple, rules))


def _error(triple: Triple, rules: SignalToNoiseRules) -> Tensor:
    if rules.error == "norm per pixel":
        return norm_per_pixel(triple)
    errors = [mean_square_difference(triple.fused, source) for source in triple.sources]
    mean = (errors[0] + errors[1]) / 2
    return mean / MAX_LEVEL**2 if rules.error == "squared, unit range" else mean


METRIC = Metric(
    name="psnr",
    label="PSNR",
    summary="peak signal-to-noise ratio against both sources",
    higher_is_better=True,
    value_range=(-math.inf, math.inf),
    unit="dB",
    undefined="all three images are black",
    citation="Jagalingam and Hegde, Aquatic Procedia 4, 2015",
    rules={
        "standard": SignalToNoiseRules(),
        "tang": SignalToNoiseRules(error="squared, unit range", peak="255"),
        "vifb": SignalToNoiseRules(error="norm per pixel", peak="255"),
        "ivif-zoo": SignalToNoiseRules(error="squared, unit range", peak="255"),
    },
    measure=measure,
)
