"""Laplacian pyramid fusion: per level the stronger detail, at the top the mean."""

from __future__ import annotations

from torch import Tensor

from diffif.fusers.classical.pyramid import PyramidFuser, choose_larger, collapse, laplacian_pyramid


class Laplacian(PyramidFuser):
    """Larger magnitude in every detail level, mean of the coarsest level.

    Args:
        levels: Detail levels; fewer where the image is too small for them.
        device: Where to compute.
    """

    name = "laplacian"
    label = "LP"
    paper = "Burt and Adelson, The Laplacian pyramid as a compact image code, IEEE Trans. Communications 31(4), 1983"

    def _fuse_luma(self, y: Tensor, infrared: Tensor) -> Tensor:
        first, second = (laplacian_pyramid(image, self.levels) for image in (y, infrared))
        details = [choose_larger(a, b) for a, b in zip(first[:-1], second[:-1], strict=True)]
        return collapse([*details, (first[-1] + second[-1]) / 2])
