"""Laplacian pyramid fusion: per level the stronger detail, at the top the mean."""

from __future__ import annotations

from torch import Tensor

from diffif.fusers.base import Fuser
from diffif.fusers.classical.pyramid import choose_larger, collapse, laplacian_pyramid
from suite.errors import SettingsError


class Laplacian(Fuser):
    """Larger magnitude in every detail level, mean of the coarsest level.

    Args:
        levels: Detail levels; fewer where the image is too small for them.
        device: Where to compute.
    """

    name = "laplacian"
    label = "LP"
    kind = "classical"
    paper = "Burt and Adelson, The Laplacian pyramid as a compact image code, IEEE Trans. Communications 31(4), 1983"
    tileable = False

    def __init__(self, *, levels: int = 4, device: str = "cpu") -> None:
        super().__init__(device=device, settings={"levels": levels})
        if levels < 1:
            raise SettingsError(f"{self.name}: levels must be at least 1, got {levels}.")
        self.levels = levels

    def _fuse_luma(self, y: Tensor, infrared: Tensor) -> Tensor:
        first, second = (laplacian_pyramid(image, self.levels) for image in (y, infrared))
        details = [choose_larger(a, b) for a, b in zip(first[:-1], second[:-1], strict=True)]
        return collapse([*details, (first[-1] + second[-1]) / 2])
