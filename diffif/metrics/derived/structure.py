"""Local statistics under an 11x11 Gaussian window and the two terms of SSIM, for SSIM and MS-SSIM."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal, NamedTuple

import torch
import torch.nn.functional as F
from torch import Tensor

from diffif.metrics.derived.windows import gaussian_taps, slide
from diffif.metrics.metric import Rules

K1, K2 = 0.01, 0.03
WINDOW_SIZE, WINDOW_SIGMA = 11, 1.5
"""Constants and window of Wang et al. 2004."""


@dataclass(frozen=True, kw_only=True)
class StructureRules(Rules):
    """What toolkits do otherwise in SSIM, and in MS-SSIM at every scale."""

    window: Literal["uniform-7", "gaussian-11", "patch-11"] = "uniform-7"
    """Local statistics: 7x7 means with the unbiased covariance; 11x11 Gaussian of sigma 1.5; MEF-SSIM's patches."""
    border: Literal["valid", "replicate", "reflect"] = "valid"
    """Windows that fit whole, or the image continued by its border pixels, or mirrored at them."""
    data_range: float = 255.0
    """The L in C1 = (0.01 L)^2 and C2 = (0.03 L)^2, against levels 0..255."""
    combine: Literal["sum", "mean"] = "sum"
    """Over the two sources."""

    @property
    def smallest_side(self) -> int:
        """One whole window."""
        return 7 if self.window == "uniform-7" else 11

    @property
    def value_range(self) -> tuple[float, float] | None:
        """Of a mean half that of the sum; MEF-SSIM sees both sources at once and is one SSIM."""
        return (-1.0, 1.0) if self.combine == "mean" or self.window == "patch-11" else None


class Statistics(NamedTuple):
    """Local means, variances and covariance, each (B, h, w), float64."""

    mean_a: Tensor
    mean_b: Tensor
    variance_a: Tensor
    variance_b: Tensor
    covariance: Tensor


def gaussian_statistics(first: Tensor, second: Tensor, border: str) -> Statistics:
    """Statistics of two images (B, H, W) in grey levels; `border` as in `StructureRules`."""
    taps = gaussian_taps(WINDOW_SIZE, WINDOW_SIGMA)
    a, b = torch.broadcast_tensors(first.to(torch.float64), second.to(torch.float64))
    if border != "valid":
        a, b = (F.pad(x.unsqueeze(1), (WINDOW_SIZE // 2,) * 4, mode=border).squeeze(1) for x in (a, b))
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
