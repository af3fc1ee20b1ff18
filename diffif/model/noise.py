"""Where a sampler's randomness comes from: noise that does not depend on batches, tiles or devices."""

from __future__ import annotations

import hashlib
from collections.abc import Callable

import torch
from torch import Tensor

NoiseSource = Callable[[int], Tensor]
"""Standard normal noise number k, (B, 1, H, W) or (1, 1, H, W): 0 is the starting image, k the noise of step k - 1."""
NOISE_BLOCK = 64
"""Noise is drawn in squares of this side."""


class ImageNoise:
    """Noise of a part of an image: each pixel's is decided by seed, number and position alone.

    So an image gets the same noise in any batch, and each tile of a large one its own part of the whole's noise.

    Args:
        seed: The sampler's seed.
        height: H of the part.
        width: W of the part.
        top: First row of the part in the image.
        left: First column.
        device: Where the noise is wanted; it is drawn on the CPU, so that every device gets the same.
    """

    def __init__(
        self, seed: int, height: int, width: int, *, top: int = 0, left: int = 0, device: torch.device | str = "cpu"
    ) -> None:
        self.seed = seed
        self.height, self.width = height, width
        self.top, self.left = top, left
        self.device = device

    def __call__(self, index: int) -> Tensor:
        """Noise number `index`, (1, 1, H, W) float32."""
        rows = range(self.top // NOISE_BLOCK, (self.top + self.height - 1) // NOISE_BLOCK + 1)
        columns = range(self.left // NOISE_BLOCK, (self.left + self.width - 1) // NOISE_BLOCK + 1)
        field = torch.cat([torch.cat([self._block(index, i, j) for j in columns], dim=1) for i in rows])
        top, left = self.top % NOISE_BLOCK, self.left % NOISE_BLOCK
        part = field[top : top + self.height, left : left + self.width]
        return part[None, None].contiguous().to(self.device)

    def _block(self, index: int, row: int, column: int) -> Tensor:
        digest = hashlib.sha256(f"{self.seed} {index} {row} {column}".encode()).digest()
        generator = torch.Generator(device="cpu").manual_seed(int.from_bytes(digest[:8], "big") >> 1)
        return torch.randn(NOISE_BLOCK, NOISE_BLOCK, generator=generator, device="cpu")
