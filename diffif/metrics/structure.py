"""Local statistics under an 11x11 Gaussian window and the two terms of SSIM, for SSIM and MS-SSIM."""

from __future__ import annotations

from typing import NamedTuple

import torch
import torch.nn.functional as F
from torch import Tensor

from diffif.metrics.windows import gaussian_taps, slide

K1, K2 = 0.01, 0.03
WINDOW_SIZE, WINDOW_SIGMA = 11, 1.5
"""Constants and window of Wang et al. 2004."""


class Statistics(NamedTuple):
    """Local means, variances and covariance, each (B, h, w), float64."""

    mean_a: Tensor
    mean_b: Tensor
    variance_a: Tensor
    variance_b: Tensor
    covariance: Tensor


def gaussian_statistics(first: Tensor, second: Tensor, border: str) -> Statistics:
    """Statistics of two images (B, H, W) in grey levels; `border` is "valid" or "replicate"."""
    taps = gaussian_taps(WINDOW_SIZE, WINDOW_SIGMA)
    a, b = torch.broadcast_tensors(first.to(torch.float64), second.to(torch.float64))
    if border == "replicate":
        a, b = (F.pad(x.unsqueeze(1), (WINDOW_SIZE // 2,) * 4, mode="replicate").squeeze(1) for x in (a, b))
    mean_a, mean_b = slide(a, taps), slide(b, taps)
    return Statistics(
        mean_a,
        mean_b,
        slide(a.square(), taps) - mean_a.square(),
        slide(b.square(), taps) - mean_b.square(),
        slide(a * b, taps) - mean_a * mean_b,
    )


def ssim_terms(statistics: Statistics, data_range: float) -> tuple[Tensor, Tensor]:
    """The luminance term, and the product of contrast and structure; SSIM is their product."""
    c1, c2 = (K1 * data_range) ** 2, (K2 * data_range) ** 2
    mean_a, mean_b, variance_a, variance_b, covariance = statistics
    luminance = (2 * mean_a * mean_b + c1) / (mean_a.square() + mean_b.square() + c1)
    contrast = (2 * covariance + c2) / (variance_a + variance_b + c2)
    return luminance, contrast
