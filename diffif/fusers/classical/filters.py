"""Smoothing filters that several classical methods share; all work on (B, C, H, W) and repeat or shorten at edges."""

from __future__ import annotations

import torch
import torch.nn.functional as F
from torch import Tensor


def gaussian_filter(image: Tensor, sigma: float, radius: int) -> Tensor:
    """Gaussian smoothing with a window of 2 * radius + 1 pixels; edges are repeated."""
    offsets = torch.arange(-radius, radius + 1, dtype=torch.float64)
    weights = torch.exp(-(offsets**2) / (2 * sigma**2))
    kernel = (weights / weights.sum()).to(image)
    return _separable(image, kernel, radius)


def mean_filter(image: Tensor, radius: int) -> Tensor:
    """Mean over 2 * radius + 1 pixels squared; edges are repeated."""
    return _separable(image, image.new_full((2 * radius + 1,), 1 / (2 * radius + 1)), radius)


def box_filter(image: Tensor, radius: int) -> Tensor:
    """Mean over the part of the window that lies inside the image."""
    size = 2 * radius + 1
    rows = F.avg_pool2d(image, (size, 1), stride=1, padding=(radius, 0), count_include_pad=False)
    return F.avg_pool2d(rows, (1, size), stride=1, padding=(0, radius), count_include_pad=False)


def guided_filter(guide: Tensor, image: Tensor, radius: int, eps: float) -> Tensor:
    """`image` smoothed so that it keeps the edges of `guide`.

    Args:
        guide: (B, 1, H, W) in [0, 1].
        image: Same shape.
        radius: Half the window, in pixels.
        eps: Variance of the guide above which an edge is kept.

    Source: He, Sun and Tang, Guided image filtering, IEEE TPAMI 35(6), 2013, Algorithm 1.
    """
    # Variances are differences of near-equal means; single precision would lose a small eps.
    p, q = guide.double(), image.double()
    mean_p, mean_q = box_filter(p, radius), box_filter(q, radius)
    variance = box_filter(p * p, radius) - mean_p**2
    covariance = box_filter(p * q, radius) - mean_p * mean_q
    slope = covariance / (variance + eps)
    offset = mean_q - slope * mean_p
    return (box_filter(slope, radius) * p + box_filter(offset, radius)).to(image.dtype)


def _separable(image: Tensor, kernel: Tensor, radius: int) -> Tensor:
    channels = image.shape[1]
    rows = kernel.view(1, 1, -1, 1).expand(channels, 1, -1, 1)
    image = F.conv2d(F.pad(image, (0, 0, radius, radius), mode="replicate"), rows, groups=channels)
    columns = kernel.view(1, 1, 1, -1).expand(channels, 1, 1, -1)
    return F.conv2d(F.pad(image, (radius, radius, 0, 0), mode="replicate"), columns, groups=channels)
