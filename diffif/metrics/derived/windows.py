"""Sliding windows over planes as dense matrix products: the one costly primitive of the metrics, made quick.

A one-dimensional window of n taps is applied to blocks of outputs at once: a block of b outputs is a band matrix times
its inputs. The few multiplications by zero cost less than the memory traffic of n shifted sums.
"""

from __future__ import annotations

from functools import lru_cache

import torch
import torch.nn.functional as F
from torch import Tensor

BLOCK = 16
"""Outputs per product; measured on a CPU with AVX2, windows of 3 to 17 taps."""


@lru_cache(maxsize=64)
def _band(taps: tuple[float, ...], step: int, dtype: torch.dtype, device: torch.device) -> Tensor:
    """(span, BLOCK) matrix whose column j holds the taps from row j * step on."""
    num_taps = len(taps)
    band = torch.zeros((BLOCK - 1) * step + num_taps, BLOCK, dtype=torch.float64)
    column = torch.tensor(taps, dtype=torch.float64)
    for index in range(BLOCK):
        band[index * step : index * step + num_taps, index] = column
    return band.to(dtype=dtype, device=device)


@torch.no_grad()
def slide(x: Tensor, taps: tuple[float, ...], *, step: int = 1) -> Tensor:
    """Correlate rows and columns with the same taps, where the window fits whole ("valid").

    Args:
        x: (..., H, W), float, H and W at least the number of taps n.
        taps: The one-dimensional window; the two-dimensional one is its outer product.
        step: Keep every `step`-th row and column of the result, from the first on.

    Returns:
        (..., ceil((H - n + 1) / step), ceil((W - n + 1) / step)), same dtype, without gradient.
        Laid out in memory column by column, which saves a pass: whatever is combined further has come through here too.
    """
    return _slide_rows(_slide_rows(x, taps, step).mT, taps, step).mT


def _slide_rows(x: Tensor, taps: tuple[float, ...], step: int) -> Tensor:
    height, width = x.shape[-2:]
    size = -(-(height - len(taps) + 1) // step)
    num_blocks = -(-size // BLOCK)
    band = _band(taps, step, x.dtype, x.device)
    span = band.shape[0]
    missing = (num_blocks - 1) * BLOCK * step + span - height
    padded = F.pad(x, (0, 0, 0, missing)) if missing > 0 else x
    # Overlapping slabs of rows, as views: nothing is copied.
    slabs = padded.unfold(-2, span, BLOCK * step).mT
    out = torch.matmul(band.mT, slabs)
    return out.reshape(*x.shape[:-2], num_blocks * BLOCK, width)[..., :size, :]


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
