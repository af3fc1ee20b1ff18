"""SSIM maps without stabilising constants under a 7x7 Gaussian window, for QY and QC.

Without constants a flat place is 0/0. A variance or covariance below `NEGLIGIBLE` is rounding and counts as none; the
map is then the luminance term alone. (The toolkit adds 2e-16, far below its own rounding: in flat places it returns
noise.)
"""

from __future__ import annotations

from typing import NamedTuple

import torch
from torch import Tensor

from diffif.metrics.derived.planes import Plane
from diffif.metrics.derived.windows import gaussian_taps, slide

WINDOW_SIZE, WINDOW_SIGMA = 7, 1.5
NEGLIGIBLE = 1e-8
"""Squared grey levels; one pixel that differs by one level gives at least 3e-4."""
MIDDLE_LEVEL = 128.0
"""Subtracted before squares are summed, for smaller rounding errors."""
SMALLEST_SIDE = 11
"""The toolkit refuses smaller images."""


class Similarity(NamedTuple):
    """Each (B, h, w), float64, B that of its plane or planes."""

    structure: Tensor
    """SSIM at each place."""
    variance_a: Tensor
    variance_b: Tensor
    covariance: Tensor


def similarity(first: Plane, second: Plane) -> Similarity:
    """SSIM of two planes where the window fits whole, with the statistics that it is made of."""
    mean_a, variance_a = first.derive(_mean_and_variance)
    mean_b, variance_b = second.derive(_mean_and_variance)
    products = _smooth(_around_middle(first) * _around_middle(second))
    covariance = _without_rounding(products - mean_a * mean_b)
    spread = variance_a + variance_b
    level_a, level_b = mean_a + MIDDLE_LEVEL, mean_b + MIDDLE_LEVEL
    brightness = level_a.square() + level_b.square()
    contrast = torch.where(spread > 0, 2 * covariance / spread, 1.0)
    luminance = torch.where(brightness > NEGLIGIBLE, 2 * level_a * level_b / brightness, 1.0)
    return Similarity(contrast * luminance, variance_a, variance_b, covariance)


def _around_middle(plane: Plane) -> Tensor:
    return plane.levels.to(torch.float64) - MIDDLE_LEVEL


def _mean_and_variance(plane: Plane) -> tuple[Tensor, Tensor]:
    x = _around_middle(plane)
    mean = _smooth(x)
    return mean, _without_rounding(_smooth(x.square()) - mean.square())


def _smooth(x: Tensor) -> Tensor:
    return slide(x, gaussian_taps(WINDOW_SIZE, WINDOW_SIGMA))


def _without_rounding(x: Tensor) -> Tensor:
    return torch.where(x.abs() < NEGLIGIBLE, 0.0, x)
