"""Wang and Bovik's quality index of a fused image against both sources in 8x8 windows, for Qo, Qw and Qe."""

from __future__ import annotations

import torch
from torch import Tensor

from diffif.metrics.derived.windows import box_sums

WINDOW_SIZE = 8
NUM_PIXELS = WINDOW_SIZE * WINDOW_SIZE


def weighted_quality(fused: Tensor, visible: Tensor, infrared: Tensor) -> Tensor:
    """(B,): local quality weighted by the greater variance of the two sources; nan where neither varies."""
    quality, saliency = local_quality(fused, visible, infrared)
    return (saliency * quality).sum(dim=(-2, -1)) / saliency.sum(dim=(-2, -1))


def local_quality(fused: Tensor, visible: Tensor, infrared: Tensor) -> tuple[Tensor, Tensor]:
    """Quality index in each 8x8 window, the sources mixed by their variance, and the greater of the variances."""
    f, vi, ir = (_Moments(image) for image in (fused, visible, infrared))
    total = vi.variance + ir.variance
    share = torch.where(total > 0, vi.variance / total, 0.5)
    quality = share * _quality_index(f, vi) + (1 - share) * _quality_index(f, ir)
    return quality, torch.maximum(vi.variance, ir.variance)


class _Moments:
    """An image with its mean and variance (times n^2) in each window, float64."""

    def __init__(self, image: Tensor) -> None:
        self.image = image.to(torch.float64)
        self.sums = box_sums(self.image, WINDOW_SIZE)
        squares = box_sums(self.image.square(), WINDOW_SIZE)
        # Whole levels sum exactly, so that a constant window has variance 0 and not a rounding error.
        self.variance = (NUM_PIXELS * squares - self.sums.square()).clamp(min=0)


def _quality_index(a: _Moments, b: _Moments) -> Tensor:
    """Wang and Bovik's universal image quality index; its terms are 1 where they are 0/0."""
    covariance = NUM_PIXELS * box_sums(a.image * b.image, WINDOW_SIZE) - a.sums * b.sums
    spread, brightness = a.variance + b.variance, a.sums.square() + b.sums.square()
    contrast = torch.where(spread > 0, 2 * covariance / spread, 1.0)
    return contrast * torch.where(brightness > 0, 2 * a.sums * b.sums / brightness, 1.0)
