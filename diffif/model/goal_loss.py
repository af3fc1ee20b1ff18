"""The search's goal as a loss: SSIM, VIF, Qabf and SCD with gradients, after the `standard` convention.

The metrics themselves (`diffif.metrics`) round to grey levels and are written for speed; these are the same formulas
without rounding, and smooth where the published ones jump. They agree with them to about one percent on real images.
On small crops a metric means something else than on a whole image: a crop whose infrared is flat has next to no
information to keep, so any gain there is large. Hence a floor under the quotients of each image. Not one quotient for
the batch: it would be that of its brightest image, and scenes by night would be trained by nobody.
"""

from __future__ import annotations

import math
from dataclasses import dataclass

import torch
import torch.nn.functional as F
from torch import Tensor

from suite.errors import SettingsError

MAX_LEVEL = 255.0
SSIM_WINDOW = 7
SSIM_C1, SSIM_C2 = (0.01 * MAX_LEVEL) ** 2, (0.03 * MAX_LEVEL) ** 2
VIF_WINDOWS = (17, 9, 5, 3)
VIF_NOISE = 2.0
"""Noise variance of the visual system, in squared levels (Sheikh and Bovik)."""
VARIANCE_FLOOR = 1e-4
INFORMATION_FLOOR = 0.02
"""Of a source, in nats per pixel of the finest scale, below which its VIF counts for less."""
STRENGTH_OF_NONE = 0.3
"""Mean edge strength, in Sobel's grey levels, below which an image's Qabf counts for less."""
STRENGTH_FLOOR = 1e-2
"""Squared levels added under square roots and in quotients; far below one grey level, they keep gradients finite."""
SOBEL = ((-1.0, 0.0, 1.0), (-2.0, 0.0, 2.0), (-1.0, 0.0, 1.0))
QABF_GAMMA = 0.9994 * 0.9879
QABF_KAPPA, QABF_SIGMA = (15.0, 22.0), (0.5, 0.8)
"""Strength and orientation: sigmoid constants of Xydeas and Petrovic."""


@dataclass(frozen=True, kw_only=True)
class GoalWeights:
    """Weight of each metric in the loss, which falls as the metric rises; 0 leaves it out. Published: none of them."""

    ssim: float = 0.0
    """SSIM to both sources, summed; at most 2."""
    vif: float = 0.0
    """VIF to both sources, summed."""
    qabf: float = 0.0
    """Qabf; at most 1."""
    scd: float = 0.0
    """SCD; at most 2."""

    def __post_init__(self) -> None:
        """Refuse weights that reward a worse image.

        Raises:
            SettingsError: a weight below 0.
        """
        if min(self.ssim, self.vif, self.qabf, self.scd) < 0:
            raise SettingsError(f"loss.goal weights must not be negative, got {self}")

    @property
    def needed(self) -> bool:
        """Whether anything is to be computed."""
        return max(self.ssim, self.vif, self.qabf, self.scd) > 0


def goal_terms(fused: Tensor, visible: Tensor, infrared: Tensor) -> dict[str, Tensor]:
    """SSIM, VIF, Qabf and SCD of a batch with gradients; scalars, higher is better.

    Args:
        fused: (B, 1, H, W) in [-1, 1], H and W at least 41.
        visible: Same shape.
        infrared: Same shape.
    """
    f, v, i = ((image + 1) * (MAX_LEVEL / 2) for image in (fused, visible, infrared))
    return {
        "ssim": _ssim(f, v) + _ssim(f, i),
        "vif": _vif(f, v, i),
        "qabf": _qabf(f, v, i),
        "scd": _correlation(f - i, v) + _correlation(f - v, i),
    }


def _ssim(fused: Tensor, source: Tensor) -> Tensor:
    unbiased = SSIM_WINDOW**2 / (SSIM_WINDOW**2 - 1)
    maps = torch.cat([fused, source, fused * fused, source * source, fused * source], dim=1)
    mean_f, mean_s, square_f, square_s, product = F.avg_pool2d(maps, SSIM_WINDOW, 1).split(1, dim=1)
    both, squares = mean_f * mean_s, mean_f * mean_f + mean_s * mean_s
    covariance, variances = unbiased * (product - both), unbiased * (square_f + square_s - squares)
    ssim = (2 * both + SSIM_C1) * (2 * covariance + SSIM_C2) / ((squares + SSIM_C1) * (variances + SSIM_C2))
    mean: Tensor = ssim.mean()
    return mean


def _vif(fused: Tensor, visible: Tensor, infrared: Tensor) -> Tensor:
    kept = fused.new_zeros(2, len(fused))
    present = fused.new_full((2, len(fused)), INFORMATION_FLOOR * fused[0].numel())
    images = torch.cat([fused, visible, infrared], dim=1)
    for scale, window in enumerate(VIF_WINDOWS):
        if scale:
            images = _smooth(images, window, step=2)
        f, v, i = images.split(1, dim=1)
        means = _smooth(torch.cat([images, images * images, f * v, f * i], dim=1), window)
        mean_f, square_f = means[:, 0:1], means[:, 3:4]
        variance_f = (square_f - mean_f * mean_f).clamp(min=0)
        signals, sources = [], []
        for which in (0, 1):
            mean, square, product = means[:, 1 + which], means[:, 4 + which], means[:, 6 + which]
            mean, square, product = (x.unsqueeze(1) for x in (mean, square, product))
            variance, covariance = (square - mean * mean).clamp(min=0), product - mean_f * mean
            gain = (covariance / (variance + VARIANCE_FLOOR)).clamp(min=0)
            residual = (variance_f - gain * covariance).clamp(min=VARIANCE_FLOOR)
            signals.append(torch.log1p(gain * gain * variance / (residual + VIF_NOISE)).sum(dim=(1, 2, 3)))
            sources.append(torch.log1p(variance / VIF_NOISE).sum(dim=(1, 2, 3)))
        kept, present = kept + torch.stack(signals), present + torch.stack(sources)
    return (kept / present).sum(dim=0).mean()


def _smooth(images: Tensor, window: int, step: int = 1) -> Tensor:
    """Gaussian of VIF (sigma a fifth of the window), where it fits whole, on every channel."""
    channels = images.shape[1]
    offsets = torch.arange(window, dtype=images.dtype, device=images.device) - (window - 1) / 2
    taps = torch.exp(-(offsets**2) / (2 * (window / 5) ** 2))
    taps = taps / taps.sum()
    rows = F.conv2d(images, taps.view(1, 1, -1, 1).expand(channels, 1, -1, 1), stride=(step, 1), groups=channels)
    return F.conv2d(rows, taps.view(1, 1, 1, -1).expand(channels, 1, 1, -1), stride=(1, step), groups=channels)


def _qabf(fused: Tensor, visible: Tensor, infrared: Tensor) -> Tensor:
    edges_f = _edges(fused)
    kept = fused.new_zeros(len(fused))
    total = fused.new_full((len(fused),), STRENGTH_OF_NONE * fused[0].numel())
    for source in (visible, infrared):
        edges_s = _edges(source)
        strength = _strength(edges_s)
        kept = kept + (_preserved(edges_f, edges_s) * strength).sum(dim=(1, 2, 3))
        total = total + strength.sum(dim=(1, 2, 3))
    return (kept / total).mean()


def _edges(image: Tensor) -> Tensor:
    kernel = torch.tensor(SOBEL, dtype=image.dtype, device=image.device)
    return F.conv2d(image, torch.stack([kernel, kernel.t()]).unsqueeze(1), padding=1)


def _strength(edges: Tensor) -> Tensor:
    return (edges.square().sum(dim=1, keepdim=True) + STRENGTH_FLOOR).sqrt()


def _preserved(fused: Tensor, source: Tensor) -> Tensor:
    """How well strength and orientation survive; the angle is taken between lines, so that it has no jump."""
    strength_f, strength_s = _strength(fused), _strength(source)
    ratio = torch.minimum(strength_f, strength_s) / torch.maximum(strength_f, strength_s)
    cross = (source[:, :1] * fused[:, 1:] - source[:, 1:] * fused[:, :1]).abs()
    dot = (source * fused).sum(dim=1, keepdim=True).abs()
    alignment = 1 - torch.atan2(cross, dot + STRENGTH_FLOOR) * (2 / math.pi)
    terms = (
        torch.sigmoid(kappa * (x - sigma))
        for kappa, sigma, x in zip(QABF_KAPPA, QABF_SIGMA, (ratio, alignment), strict=True)
    )
    return QABF_GAMMA * math.prod(terms, start=torch.ones_like(ratio))


def _correlation(left: Tensor, expected: Tensor) -> Tensor:
    """Mean correlation over the batch, of each image with each image."""
    a, b = (x - x.mean(dim=(-2, -1), keepdim=True) for x in (left, expected))
    squares = a.square().sum(dim=(-2, -1)) * b.square().sum(dim=(-2, -1))
    return ((a * b).sum(dim=(-2, -1)) / (squares + VARIANCE_FLOOR).sqrt()).mean()
