"""The images that a metric sees, and everything derived from them that several metrics share.

A `Plane` is one image of each pair of a batch; a `Triple` is the fused plane with its two sources. Whatever is
derived from them (edges, histograms, pyramids) is computed at most once: the sources of a pair keep what was derived
from them while one candidate after another is scored against them.
"""

from __future__ import annotations

from collections.abc import Callable, Hashable
from typing import Any, TypeVar

import torch
from torch import Tensor

T = TypeVar("T")

NUM_LEVELS = 256
MAX_LEVEL = 255.0


class Plane:
    """One image of every pair of a batch, in grey levels.

    Args:
        levels: (B, H, W), float32, whole numbers in [0, 255].
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

    What is derived from a pair of its planes (a joint histogram, a covariance) is kept too: with the sources where
    both are sources, here where one is the fused plane.
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

    def between(self, make: Callable[..., T], first: Plane, second: Plane, *options: Hashable) -> T:
        """The result of `make(first, second, *options)`, computed once for these two planes."""
        store = self._derived if self.fused in (first, second) else first._derived
        key = (make, id(first), id(second), options)
        if key not in store:
            store[key] = make(first, second, *options)
        found: T = store[key]
        return found


def to_levels(image: Tensor) -> Tensor:
    """Luma in [0, 1], (B, 1, H, W), as whole grey levels 0..255, (B, H, W) float32; halves go to the even number."""
    return torch.round(image[:, 0].to(torch.float32) * MAX_LEVEL)


def mean_over_pixels(values: Tensor) -> Tensor:
    """(B, H, W) to (B,), summed in float64."""
    return values.sum(dim=(-2, -1), dtype=torch.float64) / (values.shape[-2] * values.shape[-1])
