"""A fuser that fails on every image."""

from __future__ import annotations

from torch import Tensor

from diffif.fusers.base import Fuser
from suite.errors import ImageError


class Broken(Fuser):
    """Refuses everything."""

    name, label, kind = "broken", "Broken", "classical"

    def _fuse_luma(self, y: Tensor, infrared: Tensor) -> Tensor:
        raise ImageError("a bug of its own")
