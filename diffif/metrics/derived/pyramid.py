"""The Gaussian pyramid of a plane with its local variances, as pixel-domain VIF needs it at four scales."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

import torch
import torch.nn.functional as F
from torch import Tensor

from diffif.metrics.derived.planes import MAX_LEVEL, Plane
from diffif.metrics.derived.windows import gaussian_taps, slide, taps_at
from diffif.metrics.metric import Rules

NUM_SCALES = 4
WINDOW_SIZES = (17, 9, 5, 3)
TINY = 1e-10
"""The published code's threshold below which a variance counts as none."""
SMALLEST_SIDE = 41
"""Fewest rows and columns that leave a whole window at the coarsest scale."""


@dataclass(frozen=True, kw_only=True)
class FidelityRules(Rules):
    """What toolkits do otherwise in VIF."""

    window: Literal["centred", "off-centre"] = "centred"
    """The Gaussian of each scale; off-centre: its N taps lie at linspace(-(N + 1) / 2, (N - 1) / 2)."""
    border: Literal["valid", "zero"] = "valid"
    """Windows that fit whole, or zeros beyond the image."""
    saturate: bool = False
    """8-bit MATLAB arithmetic: products at the finest scale are cut to 255."""
    combine: Literal["sum", "mean"] = "sum"
    """Over the two sources."""


def scale_image(plane: Plane, scale: int, rules: FidelityRules) -> Tensor:
    """(B, h, w), float64: the image at one scale, 0 the finest, each smoothed and halved from the one before it.

    In float64: a variance is a small difference of large squares, and VIF asks whether it is zero.
    """
    if scale == 0:
        return plane.levels.to(torch.float64)
    return _smooth(plane.derive(scale_image, scale - 1, rules), scale, rules, step=2)


def local_mean(plane: Plane, scale: int, rules: FidelityRules) -> Tensor:
    """Gaussian mean at one scale, float64."""
    return _smooth(plane.derive(scale_image, scale, rules), scale, rules)


def local_variance(plane: Plane, scale: int, rules: FidelityRules) -> Tensor:
    """Gaussian variance at one scale, float64; exactly 0 where it is below `TINY`."""
    mean = plane.derive(local_mean, scale, rules)
    squares = _smooth(_product(plane, plane, scale, rules), scale, rules)
    return F.threshold(squares.addcmul_(mean, mean, value=-1), TINY, 0.0)


def local_covariance(first: Plane, second: Plane, scale: int, rules: FidelityRules) -> Tensor:
    """Gaussian covariance at one scale, float64, a new tensor."""
    products = _smooth(_product(first, second, scale, rules), scale, rules)
    means = first.derive(local_mean, scale, rules), second.derive(local_mean, scale, rules)
    return products.addcmul_(*means, value=-1)


def _product(first: Plane, second: Plane, scale: int, rules: FidelityRules) -> Tensor:
    product = first.derive(scale_image, scale, rules) * second.derive(scale_image, scale, rules)
    return product.clamp_(max=MAX_LEVEL) if rules.saturate and scale == 0 else product


def _smooth(x: Tensor, scale: int, rules: FidelityRules, step: int = 1) -> Tensor:
    size = WINDOW_SIZES[scale]
    if rules.border == "zero":
        x = F.pad(x, (size // 2,) * 4)
    if rules.window == "centred":
        taps = gaussian_taps(size, size / 5)
    else:
        taps = taps_at(-(size + 1) / 2, (size - 1) / 2, size, size / 5)
    return slide(x, taps, step=step)


def gain_and_residual(
    reference: Plane, distorted: Plane, scale: int, rules: FidelityRules
) -> tuple[Tensor, Tensor, Tensor]:
    """Local gain of the channel from reference to distorted, variance that it carries, and variance it does not."""
    variance_r = reference.derive(local_variance, scale, rules)
    variance_d = distorted.derive(local_variance, scale, rules)
    covariance = local_covariance(reference, distorted, scale, rules)
    # A gain counts only where both have variance and vary together; elsewhere nothing is kept.
    neither = (variance_r == 0) | (variance_d == 0)
    gain = (covariance / (variance_r + TINY)).clamp_(min=0).masked_fill_(neither, 0)
    residual = torch.addcmul(variance_d, gain, covariance, value=-1).clamp_(min=TINY)
    return gain, gain.square().mul_(variance_r), residual
