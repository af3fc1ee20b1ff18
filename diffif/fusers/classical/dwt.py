"""Discrete wavelet fusion: the stronger coefficient in every band, the mean of the approximation."""

from __future__ import annotations

import pywt
import torch
from torch import Tensor

from diffif.fusers.base import Fuser
from diffif.fusers.classical.pyramid import choose_larger
from suite.errors import UnknownName


class DWT(Fuser):
    """Larger magnitude in every detail band, mean of the approximation.

    Args:
        wavelet: A discrete wavelet of PyWavelets.
        levels: Decomposition levels; fewer where the image is too small for them.
        device: Where the result is kept; the transform itself runs on the CPU.

    Raises:
        UnknownName: PyWavelets has no such wavelet.
    """

    name = "dwt"
    label = "DWT"
    kind = "classical"
    paper = "Li, Manjunath and Mitra, Multisensor image fusion using the wavelet transform, GMIP 57(3), 1995"
    tileable = False

    def __init__(self, *, wavelet: str = "db1", levels: int = 4, device: str = "cpu") -> None:
        super().__init__(device=device, settings={"wavelet": wavelet, "levels": levels})
        known = pywt.wavelist(kind="discrete")
        if wavelet not in known:
            raise UnknownName("wavelet", wavelet, known=known)
        self.wavelet, self.levels = wavelet, levels

    def _fuse_luma(self, y: Tensor, infrared: Tensor) -> Tensor:
        height, width = y.shape[-2:]
        levels = min(self.levels, max(min(height, width).bit_length() - 1, 1))
        first, second = (
            pywt.wavedec2(image.cpu().numpy(), self.wavelet, mode="symmetric", level=levels) for image in (y, infrared)
        )
        fused = [(first[0] + second[0]) / 2]
        for bands_a, bands_b in zip(first[1:], second[1:], strict=True):
            pairs = zip(bands_a, bands_b, strict=True)
            fused.append(tuple(choose_larger(torch.from_numpy(a), torch.from_numpy(b)).numpy() for a, b in pairs))
        image = torch.from_numpy(pywt.waverec2(fused, self.wavelet, mode="symmetric"))
        return image[..., :height, :width].to(y)
