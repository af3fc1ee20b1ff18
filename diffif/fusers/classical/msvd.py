"""MSVD: multi-resolution singular value decomposition of 2x2 blocks, a wavelet transform fitted to the image."""

from __future__ import annotations

from typing import Literal

import torch
import torch.nn.functional as F
from torch import Tensor

from diffif.fusers.base import Fuser
from diffif.fusers.classical.pyramid import choose_larger
from diffif.fusers.output_range import stretch


class MSVD(Fuser):
    """One level of 2x2 blocks: mean of the first component, stronger coefficient in the other three.

    Args:
        output: "clip", as the published code does for a colour visible image, or "stretch" each image's range, as it
            does for grey ones.
        device: Where to compute.
    """

    name = "msvd"
    label = "MSVD"
    kind = "classical"
    paper = "Naidu, Image fusion technique using multi-resolution singular value decomposition, DSJ 61(5), 2011"
    stride = 2
    tileable = False

    def __init__(self, *, output: Literal["clip", "stretch"] = "clip", device: str = "cpu") -> None:
        super().__init__(device=device, settings={"output": output})
        self.output = output

    def _fuse_luma(self, y: Tensor, infrared: Tensor) -> Tensor:
        blocks_a, blocks_b = (F.pixel_unshuffle(image, 2).flatten(2) for image in (infrared, y))
        basis_a, basis_b = _basis(blocks_a), _basis(blocks_b)
        # Singular vectors have no sign of their own; without this the mean basis could cancel.
        basis_b = basis_b * torch.where((basis_a * basis_b).sum(dim=1, keepdim=True) < 0, -1.0, 1.0)
        bands_a, bands_b = basis_a.transpose(1, 2) @ blocks_a, basis_b.transpose(1, 2) @ blocks_b
        bands = choose_larger(bands_a, bands_b)
        bands[:, 0] = (bands_a[:, 0] + bands_b[:, 0]) / 2
        fused = (basis_a + basis_b) / 2 @ bands
        return F.pixel_shuffle(fused.unflatten(2, (y.shape[-2] // 2, y.shape[-1] // 2)), 2)

    def _finish(self, fused: Tensor) -> Tensor:
        return stretch(fused) if self.output == "stretch" else fused


def _basis(blocks: Tensor) -> Tensor:
    """Left singular vectors (B, 4, 4) of (B, 4, N), strongest first, the largest entry of each positive."""
    double = blocks.double()
    _, vectors = torch.linalg.eigh(double @ double.transpose(1, 2))
    vectors = vectors.flip(2)
    peaks = vectors.gather(1, vectors.abs().argmax(dim=1, keepdim=True))
    signed: Tensor = vectors * peaks.sign()
    return signed.to(blocks.dtype)
