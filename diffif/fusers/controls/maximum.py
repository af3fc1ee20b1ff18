"""The brighter of both sources, pixel by pixel: like the mean an operation without a paper, so a control."""

from __future__ import annotations

import torch
from torch import Tensor

from diffif.fusers.base import Fuser


class Maximum(Fuser):
    """max(Y, infrared)."""

    name = "max"
    label = "Maximum"
    kind = "control"

    def _fuse_luma(self, y: Tensor, infrared: Tensor) -> Tensor:
        return torch.maximum(y, infrared)
