"""No fusion: the infrared image. Every table needs it, to show what fusing is worth."""

from __future__ import annotations

from collections.abc import Sequence

from torch import Tensor

from diffif.fusers.base import Fuser


class Infrared(Fuser):
    """The infrared image in three equal channels; the visible image's chroma is not added."""

    name = "infrared"
    label = "Infrared"
    kind = "control"
    computes = False

    def _fuse(self, visible: Tensor, infrared: Tensor, ids: Sequence[str] | None) -> Tensor:
        return infrared.expand(-1, 3, -1, -1)
