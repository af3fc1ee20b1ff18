"""Qo, Qw and Qe of Piella and Heijmans: quality index of the fused image, weighted by where the sources have detail."""

from __future__ import annotations

import torch
from torch import Tensor

from diffif.metrics.edges import sobel_strength
from diffif.metrics.evaluation import evaluate_one
from diffif.metrics.planes import Triple
from diffif.metrics.rules import Rules
from diffif.metrics.windows import box_taps, slide

WINDOW_SIZE = 8
NUM_PIXELS = WINDOW_SIZE * WINDOW_SIZE
EDGE_POWER = 1.0
"""alpha of Qe = Qw(images) * Qw(edge images)^alpha."""


def measure_qo(triple: Triple, rules: Rules) -> Tensor:
    """(B,): local quality, each window counting the same."""
    quality, _ = _local_quality(*(plane.levels for plane in (triple.fused, *triple.sources)))
    return quality.mean(dim=(-2, -1))


def measure_qw(triple: Triple, rules: Rules) -> Tensor:
    """(B,): local quality weighted by the greater variance of the two sources."""
    return _weighted(*(plane.levels for plane in (triple.fused, *triple.sources)))


def measure_qe(triple: Triple, rules: Rules) -> Tensor:
    """(B,): Qw of the images times Qw of their edge images."""
    edges = (plane.derive(sobel_strength, "replicate") for plane in (triple.fused, *triple.sources))
    return measure_qw(triple, rules) * _weighted(*edges) ** EDGE_POWER


def _weighted(fused: Tensor, visible: Tensor, infrared: Tensor) -> Tensor:
    quality, saliency = _local_quality(fused, visible, infrared)
    return (saliency * quality).sum(dim=(-2, -1)) / saliency.sum(dim=(-2, -1))


def _local_quality(fused: Tensor, visible: Tensor, infrared: Tensor) -> tuple[Tensor, Tensor]:
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
        self.sums = slide(self.image, box_taps(WINDOW_SIZE))
        squares = slide(self.image.square(), box_taps(WINDOW_SIZE))
        # Whole levels sum exactly, so that a constant window has variance 0 and not a rounding error.
        self.variance = (NUM_PIXELS * squares - self.sums.square()).clamp(min=0)


def _quality_index(a: _Moments, b: _Moments) -> Tensor:
    """Wang and Bovik's universal image quality index; its terms are 1 where they are 0/0."""
    covariance = NUM_PIXELS * slide(a.image * b.image, box_taps(WINDOW_SIZE)) - a.sums * b.sums
    spread, brightness = a.variance + b.variance, a.sums.square() + b.sums.square()
    contrast = torch.where(spread > 0, 2 * covariance / spread, 1.0)
    return contrast * torch.where(brightness > 0, 2 * a.sums * b.sums / brightness, 1.0)


def qo(fused: Tensor, visible: Tensor, infrared: Tensor, *, convention: str = "standard") -> Tensor:
    """Fusion quality index Qo (also Qs) of Piella and Heijmans; higher is better.

    Args:
        fused: Y of the fused image, (B, 1, H, W), float in [0, 1], H and W at least 8.
        visible: Y of the visible source, same shape and range.
        infrared: The infrared source, same shape and range.
        convention: Which published definition to follow; see `conventions.py`.

    Returns:
        (B,) in [-1, 1]; never nan.

    Raises:
        ImageError: shapes differ, or a value lies outside [0, 1].

    Source: Piella and Heijmans, IEEE International Conference on Image Processing, 2003.
    """
    return evaluate_one("qo", fused, visible, infrared, convention=convention)


def qw(fused: Tensor, visible: Tensor, infrared: Tensor, *, convention: str = "standard") -> Tensor:
    """Weighted fusion quality index Qw; arguments, errors and source as `qo`, higher is better.

    Returns:
        (B,) in [-1, 1]. nan where both sources are constant (no window has weight).
    """
    return evaluate_one("qw", fused, visible, infrared, convention=convention)


def qe(fused: Tensor, visible: Tensor, infrared: Tensor, *, convention: str = "standard") -> Tensor:
    """Edge-dependent fusion quality index Qe; arguments, errors and source as `qo`, higher is better.

    Returns:
        (B,) in [-1, 1]. nan where both sources, or both their edge images, are constant.
    """
    return evaluate_one("qe", fused, visible, infrared, convention=convention)
