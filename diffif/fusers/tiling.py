"""Fusing an image in overlapping tiles whose seams are feathered away.

Every tile has the same size, so that a network sees the same statistics everywhere; tiles overlap by `overlap`
pixels and are blended with weights that rise linearly over the overlap and sum to one.
"""

from __future__ import annotations

import math
from collections.abc import Callable

import torch
from torch import Tensor


def fuse_in_tiles(
    fuse: Callable[[Tensor, Tensor], Tensor],
    y: Tensor,
    infrared: Tensor,
    *,
    tile_pixels: int,
    overlap: int,
    stride: int,
) -> Tensor:
    """Fuse (B, 1, H, W) luma tile by tile.

    Args:
        fuse: Fuses one tile of visible Y and infrared, any size.
        y: Visible luma, (B, 1, H, W) in [0, 1].
        infrared: Same shape and range.
        tile_pixels: Upper bound on the pixels of one tile; never below (2 * overlap)^2.
        overlap: Pixels that neighbouring tiles share.
        stride: Tile sides are multiples of this.

    Returns:
        (B, 1, H, W).
    """
    height, width = y.shape[-2:]
    side = max(math.isqrt(max(tile_pixels, 1)), 2 * overlap, stride)
    tile_h, tile_w = (min(side // stride * stride, full) for full in (height, width))
    total, weight_sum = torch.zeros_like(y), torch.zeros_like(y[:1])
    for top in tile_starts(height, tile_h, overlap):
        for left in tile_starts(width, tile_w, overlap):
            window = (..., slice(top, top + tile_h), slice(left, left + tile_w))
            tile = fuse(y[window], infrared[window])
            rows = _ramp(tile_h, top, height, overlap).to(y)
            columns = _ramp(tile_w, left, width, overlap).to(y)
            weight = rows[:, None] * columns[None, :]
            total[window] += tile * weight
            weight_sum[window] += weight
    return total / weight_sum


def tile_starts(full: int, tile: int, overlap: int) -> list[int]:
    """First pixel of each tile along one axis, evenly spread so that all tiles have one size."""
    if tile >= full:
        return [0]
    count = math.ceil((full - overlap) / max(tile - overlap, 1))
    return [round(index * (full - tile) / (count - 1)) for index in range(count)]


def _ramp(tile: int, start: int, full: int, overlap: int) -> Tensor:
    position = torch.arange(tile, dtype=torch.float32)
    weight = torch.ones(tile)
    if start > 0:
        weight = torch.minimum(weight, (position + 1) / (overlap + 1))
    if start + tile < full:
        weight = torch.minimum(weight, (tile - position) / (overlap + 1))
    return weight
