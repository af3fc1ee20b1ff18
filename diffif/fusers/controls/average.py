"""The mean of both sources: the simplest fusion, and the one that a new method must beat first."""

from __future__ import annotations

from torch import Tensor

from diffif.fusers.base import Fuser


class Average(Fuser):
    """(Y + infrared) / 2."""

    name = "average"
    label = "Average"
    kind = "control"

    def _fuse_luma(self, y: Tensor, infrared: Tensor) -> Tensor:
        return (y + infrared) / 2
