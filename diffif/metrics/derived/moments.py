"""Sums of squares and products between the planes of a triple: SD, CC, SCD, MSE and PSNR are all made of them."""

from __future__ import annotations

from dataclasses import dataclass

import torch
from torch import Tensor

from diffif.metrics.derived.planes import Plane, Triple


@dataclass(frozen=True)
class Centred:
    """A plane as one row of float64 around its mean.

    The mean is subtracted in two steps, the nearest whole level first: a constant plane is then exactly zero, so that
    0/0 shows as nan instead of as the quotient of two rounding errors.
    """

    values: Tensor
    """(B, H * W), float64, whole numbers when the levels are."""
    offset: Tensor
    """(B, 1), float64: the whole level that was subtracted."""
    excess: Tensor
    """(B,), float64: the mean of `values`."""

    @property
    def mean(self) -> Tensor:
        """(B,): the mean level."""
        return self.offset[:, 0] + self.excess


def centred(plane: Plane) -> Centred:
    """See `Centred`."""
    return centre(plane.levels)


def centre(levels: Tensor) -> Centred:
    """`Centred` of a tensor (B, H, W)."""
    flat = levels.reshape(levels.shape[0], -1).to(torch.float64)
    offset = flat.mean(dim=1, keepdim=True).round()
    values = flat - offset
    return Centred(values, offset, values.mean(dim=1))


def covariance_of(first: Centred, second: Centred) -> Tensor:
    """(B,), float64: mean product of the deviations (divisor: the number of pixels)."""
    products: Tensor = torch.linalg.vecdot(first.values, second.values) / first.values.shape[1]
    return products - first.excess * second.excess


def covariance(first: Plane, second: Plane) -> Tensor:
    """(B,), float64: covariance of two planes; of a plane with itself, its variance."""
    return covariance_of(first.derive(centred), second.derive(centred))


def mean_square_difference(first: Plane, second: Plane) -> Tensor:
    """(B,), float64: mean squared difference in squared grey levels."""
    difference = (first.levels - second.levels).flatten(1).to(torch.float64)
    squares: Tensor = torch.linalg.vecdot(difference, difference)
    return squares / difference.shape[1]


def norm_per_pixel(triple: Triple) -> Tensor:
    """(B,): sqrt(sum of squared differences) / (H W), averaged over the sources: it shrinks as images grow."""
    num_pixels = triple.fused.levels.shape[-2] * triple.fused.levels.shape[-1]
    norms = [
        (triple.between(mean_square_difference, triple.fused, source) / num_pixels).sqrt() for source in triple.sources
    ]
    return (norms[0] + norms[1]) / 2
