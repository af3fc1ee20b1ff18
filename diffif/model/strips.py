"""Working through an image strip by strip: the same result, with intermediate images that stay in the cache.

At full resolution the intermediate images of a block are several times larger than what goes in and out of it.
Computing them a few rows at a time makes peak memory that of the inputs and outputs, and spares traffic to memory.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

import torch
from torch import Tensor

STRIP_PIXELS = 16_384
"""Pixels of a strip: enough to keep convolution kernels busy, few enough to stay in the cache."""
MIN_ROWS = 16
"""Each strip computes a row above and a row below for its neighbours' sake; fewer rows would make that costly."""

KEEP_PIXELS = 2**19
"""Up to this size an image is kept in memory; a larger one that is cheap to compute is computed at every use."""

Rows = Callable[[int, int], Tensor]


def use_strips(x: Tensor) -> bool:
    """Whether to work strip by strip: on CPU without gradients; a GPU is faster on whole images."""
    return x.device.type == "cpu" and not torch.is_grad_enabled()


@dataclass(frozen=True)
class Source:
    """An image (1, C, H, W) whose rows are read, or computed, when asked for.

    Attributes:
        rows: Gives rows [first, last) as (1, C, last - first, W).
        channels: C.
        height: H.
        width: W.
    """

    rows: Rows
    channels: int
    height: int
    width: int

    @classmethod
    def of(cls, image: Tensor) -> Source:
        """An image in memory."""
        _, channels, height, width = image.shape
        return cls(lambda first, last: image[:, :, first:last], channels, height, width)

    @property
    def bounds(self) -> list[tuple[int, int]]:
        """First row and last + 1 of each strip."""
        rows = max(MIN_ROWS, STRIP_PIXELS // self.width // 2 * 2)
        return [(first, min(first + rows, self.height)) for first in range(0, self.height, rows)]

    def empty(self, channels: int, dtype: torch.dtype) -> Tensor:
        """An uninitialised image of this size, channels last in memory."""
        return torch.empty(1, self.height, self.width, channels, dtype=dtype).permute(0, 3, 1, 2)


def stack(first: Source, second: Source) -> Source:
    """Both images' channels, one after the other."""

    def rows(begin: int, end: int) -> Tensor:
        return torch.cat([first.rows(begin, end), second.rows(begin, end)], dim=1)

    if first.height * first.width <= KEEP_PIXELS:
        return Source.of(rows(0, first.height))
    return Source(rows, first.channels + second.channels, first.height, first.width)


StripFunction = Callable[[Tensor, slice, int, int], Tensor]
"""From a strip, the slice of its own rows, and their first and last + 1 row in the image, to those rows of the output.

The strip has one more row above and below, except at the border of the image: a convolution with zero padding is right
in the slice, and wrong in the rows around it only.
"""


def map_strips(function: StripFunction, source: Source, out: Tensor) -> Tensor:
    """Fill an image with a function of each pixel and its eight neighbours.

    Args:
        function: See `StripFunction`.
        source: The input. It may read from `out`: rows are asked for before they are overwritten.
        out: (1, C, H, W) of the source's size; overwritten and returned.
    """
    above: Tensor | None = None
    for first, last in source.bounds:
        strip = source.rows(first, min(last + 1, source.height))
        below = strip[:, :, last - first - 1 : last - first].clone()
        if above is not None:
            strip = torch.cat([above, strip], dim=2)
        start = 0 if above is None else 1
        out[:, :, first:last] = function(strip, slice(start, start + last - first), first, last)
        above = below
    return out


class ChannelSums:
    """Mean and variance of each group of channels, from strips, accumulated in float64."""

    def __init__(self, channels: int) -> None:
        self.count = 0
        self.sums = torch.zeros(2, channels, dtype=torch.float64)

    def add(self, strip: Tensor) -> None:
        """Count rows (1, C, H, W) in."""
        pixels = strip.permute(0, 2, 3, 1).reshape(-1, strip.shape[1])
        self.count += len(pixels)
        self.sums[0] += pixels.sum(dim=0)
        self.sums[1] += pixels.square().sum(dim=0)

    def mean_and_variance(self, groups: int) -> tuple[Tensor, Tensor]:
        """Each (C,) float64: those of its group at every channel."""
        channels = self.sums.shape[1]
        mean, square = self.sums.view(2, groups, -1).mean(dim=-1) / self.count
        variance = (square - mean**2).clamp(min=0)
        spread = channels // groups
        return mean.repeat_interleave(spread), variance.repeat_interleave(spread)
