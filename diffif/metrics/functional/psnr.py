"""PSNR: the fused image's peak against its difference from the sources."""

from __future__ import annotations

import torch
from torch import Tensor

from diffif.metrics.evaluation import evaluate_one
from diffif.metrics.functional.rmse import norm_per_pixel
from diffif.metrics.moments import mean_square_difference
from diffif.metrics.planes import MAX_LEVEL, Triple
from diffif.metrics.rules import SignalToNoiseRules


def measure_psnr(triple: Triple, rules: SignalToNoiseRules) -> Tensor:
    """(B,): ten times the decimal logarithm of peak squared over error."""
    peak = triple.fused.levels.amax(dim=(-2, -1)).to(torch.float64) if rules.peak == "fused maximum" else MAX_LEVEL
    return 10 * torch.log10(peak**2 / _error(triple, rules))


def _error(triple: Triple, rules: SignalToNoiseRules) -> Tensor:
    if rules.error == "norm per pixel":
        return norm_per_pixel(triple)
    errors = [triple.between(mean_square_difference, triple.fused, source) for source in triple.sources]
    mean = (errors[0] + errors[1]) / 2
    return mean / MAX_LEVEL**2 if rules.error == "squared, unit range" else mean


def psnr(fused: Tensor, visible: Tensor, infrared: Tensor, *, convention: str = "standard") -> Tensor:
    """Peak signal-to-noise ratio against both sources, in dB; higher is better.

    Args:
        fused: Y of the fused image, (B, 1, H, W), float in [0, 1].
        visible: Y of the visible source, same shape and range.
        infrared: The infrared source, same shape and range.
        convention: Which published definition to follow; `tang` and `ivif-zoo` set a peak of 255 against an error in
            [0, 1], so that their values are about 48 dB higher.

    Returns:
        (B,); infinite where the fused image equals both sources. nan where all three are black (0/0).

    Raises:
        ImageError: shapes differ, or a value lies outside [0, 1].

    Source: Jagalingam and Hegde, Aquatic Procedia 4, 2015.
    """
    return evaluate_one("psnr", fused, visible, infrared, convention=convention)
