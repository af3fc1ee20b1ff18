"""Fusion by a ratio of low-pass pyramid: the larger local contrast wins at every level."""

from __future__ import annotations

import torch
from torch import Tensor

from diffif.fusers.classical.pyramid import PyramidFuser, expand, gaussian_pyramid

# Keeps the ratio finite where an image is black; half of one 8-bit step.
DARKEST = 0.5 / 255


class RatioPyramid(PyramidFuser):
    """Per level and pixel the ratio further from 1; mean of the coarsest level.

    Args:
        levels: Ratio levels; fewer where the image is too small for them.
        device: Where to compute.
    """

    name = "rp"
    label = "RP"
    paper = "Toet, Image fusion by a ratio of low-pass pyramid, Pattern Recognition Letters 9(4), 1989"

    def _fuse_luma(self, y: Tensor, infrared: Tensor) -> Tensor:
        first, second = (gaussian_pyramid(image + DARKEST, self.levels) for image in (y, infrared))
        fused = (first[-1] + second[-1]) / 2
        for level in range(len(first) - 2, -1, -1):
            size = (int(first[level].shape[-2]), int(first[level].shape[-1]))
            ratio_a = first[level] / expand(first[level + 1], size)
            ratio_b = second[level] / expand(second[level + 1], size)
            chosen = torch.where((ratio_a - 1).abs() >= (ratio_b - 1).abs(), ratio_a, ratio_b)
            fused = chosen * expand(fused, size)
        return fused - DARKEST
