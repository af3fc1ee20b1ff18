"""Gaussian image pyramids after Burt and Adelson (IEEE Transactions on Communications 31(4), 1983).

Shared by the pyramid methods, which differ in what they keep between two levels and in how they choose.
"""

from __future__ import annotations

import itertools

import torch
import torch.nn.functional as F
from torch import Tensor

from diffif.fusers.base import Fuser
from suite.errors import SettingsError

# The 5-tap generating kernel with a = 0.375, which is binomial; Burt and Adelson's default is a = 0.4.
KERNEL = (1 / 16, 4 / 16, 6 / 16, 4 / 16, 1 / 16)


def blur(image: Tensor) -> Tensor:
    """(B, 1, H, W) smoothed with the generating kernel; edges are repeated."""
    kernel = torch.tensor(KERNEL, dtype=image.dtype, device=image.device)
    image = F.conv2d(F.pad(image, (2, 2, 0, 0), mode="replicate"), kernel.view(1, 1, 1, 5))
    return F.conv2d(F.pad(image, (0, 0, 2, 2), mode="replicate"), kernel.view(1, 1, 5, 1))


def reduce(image: Tensor) -> Tensor:
    """The next level: smoothed, every second row and column; sides are rounded up."""
    return blur(image)[..., ::2, ::2]


def expand(image: Tensor, size: tuple[int, int]) -> Tensor:
    """Back to `size` (H, W) by filling in zeros and smoothing.

    The level is extended by one row and column before the zeros go in, so that a constant stays constant at the edge.
    """
    height, width = size
    extended = F.pad(image, (1, 2, 1, 2), mode="replicate")
    stuffed = image.new_zeros((*image.shape[:2], 2 * extended.shape[-2], 2 * extended.shape[-1]))
    stuffed[..., ::2, ::2] = extended
    return 4 * blur(stuffed)[..., 2 : 2 + height, 2 : 2 + width]


def gaussian_pyramid(image: Tensor, levels: int) -> list[Tensor]:
    """The image and up to `levels` reductions of it; stops where a side is one pixel."""
    pyramid = [image]
    while len(pyramid) <= levels and min(pyramid[-1].shape[-2:]) > 1:
        pyramid.append(reduce(pyramid[-1]))
    return pyramid


def laplacian_pyramid(image: Tensor, levels: int) -> list[Tensor]:
    """Differences between neighbouring Gaussian levels, finest first, and the coarsest level itself."""
    gaussian = gaussian_pyramid(image, levels)
    pairs = itertools.pairwise(gaussian)
    return [fine - expand(coarse, _size(fine)) for fine, coarse in pairs] + [gaussian[-1]]


def collapse(pyramid: list[Tensor]) -> Tensor:
    """The image whose Laplacian pyramid this is."""
    image = pyramid[-1]
    for detail in reversed(pyramid[:-1]):
        image = detail + expand(image, _size(detail))
    return image


def choose_larger(first: Tensor, second: Tensor) -> Tensor:
    """Per element the value of larger magnitude; `first` where both are equal."""
    return torch.where(first.abs() >= second.abs(), first, second)


def _size(image: Tensor) -> tuple[int, int]:
    return int(image.shape[-2]), int(image.shape[-1])


class PyramidFuser(Fuser):
    """A method that works level by level.

    Args:
        levels: Levels of detail; fewer where the image is too small for them.
        device: Where to compute.

    Raises:
        SettingsError: fewer than one level.
    """

    kind = "classical"
    # The coarsest level sees the whole image.
    tileable = False

    def __init__(self, *, levels: int = 4, device: str = "cpu") -> None:
        super().__init__(device=device, settings={"levels": levels})
        if levels < 1:
            raise SettingsError(f"{self.name}: levels must be at least 1, got {levels}.")
        self.levels = levels
