"""The images that a metric sees, and everything derived from them that several metrics share.

A `Plane` is one image of each pair of a batch; a `Triple` is the fused plane with its two sources. Whatever is
derived from them (edges, histograms, pyramids) is computed at most once: the sources of a pair keep what was derived
from them while one candidate after another is scored against them.
"""

from __future__ import annotations

from collections.abc import Callable, Hashable, Sequence
from typing import Any, TypeVar

import torch
from torch import Tensor

T = TypeVar("T")

NUM_LEVELS = 256
MAX_LEVEL = 255.0
GREY_WEIGHTS = (0.298936021293775, 0.587043074451121, 0.114020904255103)
"""Of R, G and B in MATLAB's rgb2gray: BT.601 to the digits of its conversion matrix."""


class Plane:
    """One image of every pair of a batch, in grey levels.

    Args:
        levels: (B, H, W), float32, whole numbers in [0, 255]; (B, C, H, W) for a metric that sees colour.
    """

    def __init__(self, levels: Tensor) -> None:
        self.levels = levels
        self._derived: dict[Hashable, Any] = {}

    def derive(self, make: Callable[..., T], *options: Hashable) -> T:
        """The result of `make(self, *options)`, computed the first time it is asked for and kept."""
        key = (make, options)
        if key not in self._derived:
            self._derived[key] = make(self, *options)
        found: T = self._derived[key]
        return found


class Triple:
    """A fused plane and its two sources; the sources' batch size is that of the fused plane, or 1.

    What is derived from a pair of its planes (a joint histogram, a map of edge preservation) is kept here.
    """

    def __init__(self, fused: Plane, visible: Plane, infrared: Plane) -> None:
        self.fused = fused
        self.visible = visible
        self.infrared = infrared
        self._derived: dict[Hashable, Any] = {}

    @property
    def sources(self) -> tuple[Plane, Plane]:
        """Visible, infrared."""
        return self.visible, self.infrared

    @property
    def planes(self) -> tuple[Plane, Plane, Plane]:
        """Fused, visible, infrared."""
        return self.fused, self.visible, self.infrared

    def between(self, make: Callable[..., T], first: Plane, second: Plane, *options: Hashable) -> T:
        """The result of `make(first, second, *options)`, computed once for these two planes."""
        key = (make, first, second, options)
        if key not in self._derived:
            self._derived[key] = make(first, second, *options)
        found: T = self._derived[key]
        return found


def join_channels(channels: Sequence[Triple]) -> Triple:
    """The channels of the fused image side by side as one wide image; for metrics that look at nothing else."""
    if len(channels) == 1:
        return channels[0]
    wide = Plane(torch.cat([triple.fused.levels for triple in channels], dim=-1))
    return Triple(wide, wide, wide)


def to_levels(image: Tensor) -> Tensor:
    """Luma in [0, 1], (B, 1, H, W), as whole grey levels 0..255, (B, H, W) float32; halves go to the even number."""
    return torch.round(image[:, 0].to(torch.float32) * MAX_LEVEL)


def round_half_up(x: Tensor) -> Tensor:
    """Round to whole numbers, halves upward, as MATLAB does with positive numbers."""
    return torch.floor(x + 0.5)


def exact_quotient(x: Tensor, divisor: Tensor | float) -> Tensor:
    """`x / divisor`, correctly rounded at every element.

    On a GPU torch multiplies by the reciprocal where the divisor is a plain number, which can be one rounding step off:
    enough to tip a half in `stretched`, or an exact zero in `unit_sobel`.
    """
    return x / torch.as_tensor(divisor, dtype=x.dtype, device=x.device).expand_as(x)


def stretched(plane: Plane) -> Plane:
    """The plane stretched to its own minimum and maximum, in 256 levels; nan where it is constant."""
    x = plane.levels.to(torch.float64)
    low, high = x.amin(dim=(-2, -1), keepdim=True), x.amax(dim=(-2, -1), keepdim=True)
    return Plane(round_half_up(exact_quotient(x - low, high - low) * MAX_LEVEL).to(torch.float32))


def stretched_or_black(plane: Plane) -> Plane:
    """`stretched`, but a constant plane becomes black, as in the toolkits that count stretched levels."""
    return Plane(plane.derive(stretched).levels.nan_to_num(nan=0.0))


def grey_of(image: Tensor) -> Tensor:
    """The grey image of RGB, (B, 3, H, W) to (B, 1, H, W), both in [0, 1] (BT.601, as MATLAB's rgb2gray)."""
    weights = torch.tensor(GREY_WEIGHTS, dtype=torch.float64, device=image.device).reshape(1, 3, 1, 1)
    levels = ((image.to(torch.float64) * MAX_LEVEL).round() * weights).sum(dim=1, keepdim=True)
    return round_half_up(levels) / MAX_LEVEL


def sum_over_pixels(values: Tensor) -> Tensor:
    """(B, H, W) to (B,), float64: each row in its own precision, then the rows in float64.

    Asking torch for the whole sum in another precision copies the image to it first, which takes sixteen times as long.
    """
    return values.sum(dim=-1).sum(dim=-1, dtype=torch.float64)


def mean_over_pixels(values: Tensor) -> Tensor:
    """(B, H, W) to (B,), float64."""
    return sum_over_pixels(values) / (values.shape[-2] * values.shape[-1])
