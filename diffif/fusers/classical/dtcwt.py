"""Dual-tree complex wavelet fusion: nearly shift-invariant, six orientations; the stronger coefficient wins."""

from __future__ import annotations

import sys
from importlib.resources import files
from types import ModuleType
from typing import Any

import torch
from torch import Tensor

from diffif.fusers.classical.pyramid import PyramidFuser


class DTCWT(PyramidFuser):
    """Larger complex magnitude in every oriented band, mean of the low-pass.

    Args:
        levels: Decomposition levels.
        device: Where to compute.

    Raises:
        SettingsError: levels is below 1.
    """

    name = "dtcwt"
    label = "DTCWT"
    paper = "Lewis et al., Pixel- and region-based image fusion with complex wavelets, Information Fusion 8(2), 2007"
    min_size = 16

    def __init__(self, *, levels: int = 4, device: str = "cpu") -> None:
        super().__init__(levels=levels, device=device)
        forward, inverse = _import_transforms()
        self._analyse = forward(J=levels, biort="near_sym_b", qshift="qshift_b").to(self.device)
        self._synthesise = inverse(biort="near_sym_b", qshift="qshift_b").to(self.device)
        # Sides are padded to what every level can halve.
        self.stride = 2**levels

    def _fuse_luma(self, y: Tensor, infrared: Tensor) -> Tensor:
        low_a, bands_a = self._analyse(infrared)
        low_b, bands_b = self._analyse(y)
        bands = []
        for a, b in zip(bands_a, bands_b, strict=True):
            wins = a.square().sum(dim=-1, keepdim=True) >= b.square().sum(dim=-1, keepdim=True)
            bands.append(torch.where(wins, a, b))
        fused: Tensor = self._synthesise(((low_a + low_b) / 2, bands))
        return fused[..., : y.shape[-2], : y.shape[-1]]


def _import_transforms() -> tuple[Any, Any]:
    """The forward and the inverse transform of pytorch-wavelets.

    Version 1.3.0 opens its filter files through pkg_resources, which setuptools 81 no longer has; a stand-in with the
    one function it needs takes its place while the package is imported.
    """
    stand_in = ModuleType("pkg_resources")
    stand_in.__dict__["resource_stream"] = lambda package, name: (files(package) / name).open("rb")
    kept = sys.modules.get("pkg_resources")
    sys.modules["pkg_resources"] = stand_in
    try:
        from pytorch_wavelets import DTCWTForward, DTCWTInverse
    finally:
        del sys.modules["pkg_resources"]
        if kept is not None:
            sys.modules["pkg_resources"] = kept
    return DTCWTForward, DTCWTInverse
