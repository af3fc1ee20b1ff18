"""No fusion: the visible image. Every table needs it, to show what fusing is worth."""

from __future__ import annotations

from collections.abc import Sequence

from torch import Tensor

from diffif.fusers.base import Fuser


class Visible(Fuser):
    """The visible image itself."""

    name = "visible"
    label = "Visible"
    kind = "control"
    computes = False

    def _fuse(self, visible: Tensor, infrared: Tensor, ids: Sequence[str] | None) -> Tensor:
        return visible
