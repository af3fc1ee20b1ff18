"""The Gaussian pyramid of a plane with its local variances, as pixel-domain VIF needs it at four scales."""

from __future__ import annotations

import torch
from torch import Tensor

from diffif.metrics.planes import Plane
from diffif.metrics.windows import gaussian_taps, slide

NUM_SCALES = 4
WINDOW_SIZES = (17, 9, 5, 3)
SMALLEST_SIDE = 41
"""Fewest rows and columns that leave a whole window at the coarsest scale."""


def scale_taps(scale: int) -> tuple[float, ...]:
    """The Gaussian of one scale, 0 the finest: sigma is a fifth of the window."""
    size = WINDOW_SIZES[scale]
    return gaussian_taps(size, size / 5)


def scale_image(plane: Plane, scale: int) -> Tensor:
    """(B, h, w), float64: the image at one scale, each smoothed and halved from the one before it.

    In float64: a variance is a small difference of large squares, and VIF asks whether it is zero.
    """
    if scale == 0:
        return plane.levels.to(torch.float64)
    return slide(plane.derive(scale_image, scale - 1), scale_taps(scale), step=2)


def local_mean(plane: Plane, scale: int) -> Tensor:
    """Gaussian mean at one scale, float64, where the window fits whole."""
    return slide(plane.derive(scale_image, scale), scale_taps(scale))


def local_variance(plane: Plane, scale: int) -> Tensor:
    """Gaussian variance at one scale, float32, never negative."""
    mean = plane.derive(local_mean, scale)
    squares = slide(plane.derive(scale_image, scale).square(), scale_taps(scale))
    return (squares - mean.square()).clamp_(min=0).to(torch.float32)


def local_covariance(first: Plane, second: Plane, scale: int) -> Tensor:
    """Gaussian covariance at one scale, float32."""
    products = slide(first.derive(scale_image, scale) * second.derive(scale_image, scale), scale_taps(scale))
    return (products - first.derive(local_mean, scale) * second.derive(local_mean, scale)).to(torch.float32)
