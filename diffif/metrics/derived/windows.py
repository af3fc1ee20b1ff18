"""Sliding windows over planes: the one costly primitive of the metrics, made quick.

A one-dimensional window of n taps is applied to blocks of outputs at once: a block of b outputs is a band matrix times
its inputs. The few multiplications by zero cost less than the memory traffic of n shifted sums. A window of ones needs
no multiplication: its sums are made of sums of two, of four, and so on.
"""

from __future__ import annotations

from functools import lru_cache

import numpy as np
import torch
from torch import Tensor

BLOCK = 8
"""Outputs per product; measured on a CPU with AVX-512, windows of 3 to 17 taps."""


@lru_cache(maxsize=64)
def _band(taps: tuple[float, ...], step: int, block: int, dtype: torch.dtype, device: torch.device) -> Tensor:
    """(block, span) matrix whose row j holds the taps from column j * step on."""
    num_taps = len(taps)
    band = torch.zeros(block, (block - 1) * step + num_taps, dtype=torch.float64)
    row = torch.tensor(taps, dtype=torch.float64)
    for index in range(block):
        band[index, index * step : index * step + num_taps] = row
    return band.to(dtype=dtype, device=device)


@torch.no_grad()
def slide(x: Tensor, taps: tuple[float, ...], *, step: int = 1) -> Tensor:
    """Correlate rows and columns with the same taps, where the window fits whole ("valid").

    Args:
        x: (B, H, W), float, H and W at least the number of taps n.
        taps: The one-dimensional window; the two-dimensional one is its outer product.
        step: Keep every `step`-th row and column of the result, from the first on.

    Returns:
        (B, ceil((H - n + 1) / step), ceil((W - n + 1) / step)), same dtype, without gradient.
        Laid out in memory column by column, which saves a pass: whatever is combined further has come through here too.
    """
    return _slide_rows(_slide_rows(x, taps, step).mT, taps, step).mT


def _slide_rows(x: Tensor, taps: tuple[float, ...], step: int) -> Tensor:
    batch, height, width = x.shape
    size = -(-(height - len(taps) + 1) // step)
    block = min(BLOCK, size)
    band = _band(taps, step, block, x.dtype, x.device)
    span, num_blocks = band.shape[1], size // block
    out = x.new_empty(batch, size, width)
    # Overlapping slabs of rows, as views: nothing is copied. The last block may compute some rows a second time.
    slabs = x.unfold(-2, span, block * step)[:, :num_blocks].mT
    for image, parts in zip(out, slabs, strict=True):
        whole = image[: num_blocks * block].view(num_blocks, block, width)
        torch.bmm(band.expand(num_blocks, -1, -1), parts, out=whole)
    if size % block:
        start = (size - block) * step
        out[:, size - block :] = torch.matmul(band, x[:, start : start + span])
    return out


@torch.no_grad()
def box_sums(x: Tensor, size: int) -> Tensor:
    """Sums over windows of size x size that fit whole; exact for whole numbers as long as the dtype holds the sums.

    Args:
        x: (B, H, W), H and W at least `size`.
        size: Rows and columns of the window.

    Returns:
        (B, H - size + 1, W - size + 1), same dtype.
    """
    if x.device.type == "cpu" and x.dtype == torch.int32:
        return _counted_box_sums(x, size)
    return _running_sums(_running_sums(x, size, -2), size, -1)


def _counted_box_sums(x: Tensor, size: int) -> Tensor:
    """OpenCV's sums, which add the row that a window meets and take away the one it leaves: exact in whole numbers."""
    import cv2

    _, height, width = x.shape
    sums = np.empty(x.shape, dtype=np.int32)
    for image, out in zip(x.numpy(), sums, strict=True):
        cv2.boxFilter(image, cv2.CV_32S, (size, size), out, anchor=(0, 0), normalize=False)
    return torch.from_numpy(sums)[:, : height - size + 1, : width - size + 1]


def _running_sums(x: Tensor, size: int, dim: int) -> Tensor:
    """Sums of `size` neighbours along a dimension, by doubling: of 7, those of 4, of 2 and of 1 side by side."""
    length = x.shape[dim] - size + 1
    parts, reached, doubled, width = list[Tensor](), 0, x, 1
    while reached < size:
        if size & width:
            parts.append(doubled.narrow(dim, reached, length))
            reached += width
        if reached < size:
            longer = doubled.shape[dim] - width
            doubled, width = doubled.narrow(dim, 0, longer) + doubled.narrow(dim, width, longer), 2 * width
    return sum(parts[1:], start=parts[0])


@lru_cache(maxsize=16)
def gaussian_taps(size: int, sigma: float) -> tuple[float, ...]:
    """A sampled Gaussian of `size` taps that sums to 1."""
    return taps_at(-(size - 1) / 2, (size - 1) / 2, size, sigma)


@lru_cache(maxsize=16)
def taps_at(first: float, last: float, size: int, sigma: float) -> tuple[float, ...]:
    """A Gaussian sampled at `size` places from `first` to `last` that sums to 1."""
    offsets = torch.linspace(first, last, size, dtype=torch.float64)
    taps = torch.exp(-(offsets**2) / (2 * sigma**2))
    return tuple((taps / taps.sum()).tolist())


def box_taps(size: int) -> tuple[float, ...]:
    """`size` ones: the window that sums."""
    return (1.0,) * size
