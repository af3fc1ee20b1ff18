"""Sliding windows over planes as dense matrix products: the one costly primitive of the metrics, made quick.

A one-dimensional window of n taps is applied to blocks of outputs at once: a block of b outputs is a (b + n - 1, b)
band matrix times its inputs. The few multiplications by zero cost less than the memory traffic of n shifted sums.
"""

from __future__ import annotations

from functools import lru_cache

import torch
import torch.nn.functional as F
from torch import Tensor

BLOCK = 32


@lru_cache(maxsize=64)
def _band(taps: tuple[float, ...], step: int, dtype: torch.dtype, device: torch.device) -> Tensor:
    """(span, b) matrix whose column j holds the taps from row j * step on."""
    num_taps = len(taps)
    band = torch.zeros(_span(num_taps, step), BLOCK, dtype=torch.float64)
    column = torch.tensor(taps, dtype=torch.float64)
    for index in range(BLOCK):
        band[index * step : index * step + num_taps, index] = column
    return band.to(dtype=dtype, device=device)


def _span(num_taps: int, step: int) -> int:
    """Inputs that one block of outputs needs."""
    return (BLOCK - 1) * step + num_taps


def slide(x: Tensor, taps: tuple[float, ...], *, step: int = 1) -> Tensor:
    """Correlate rows and columns with the same taps, where the window fits whole ("valid").

    Args:
        x: (..., H, W), float, H and W at least the number of taps n.
        taps: The one-dimensional window; the two-dimensional one is its outer product.
        step: Keep every `step`-th row and column of the result, from the first on.

    Returns:
        (..., ceil((H - n + 1) / step), ceil((W - n + 1) / step)), same dtype.
    """
    return _slide_columns(_slide_rows(x, taps, step), taps, step)


def _slide_rows(x: Tensor, taps: tuple[float, ...], step: int) -> Tensor:
    height, width = x.shape[-2:]
    size = -(-(height - len(taps) + 1) // step)
    num_blocks = -(-size // BLOCK)
    span = _span(len(taps), step)
    needed = (num_blocks - 1) * BLOCK * step + span
    padded = F.pad(x, (0, 0, 0, needed - height)) if needed > height else x
    blocks = padded.unfold(-2, span, BLOCK * step).mT
    out = torch.matmul(_band(taps, step, x.dtype, x.device).mT, blocks)
    return out.reshape(*x.shape[:-2], num_blocks * BLOCK, width)[..., :size, :]


def _slide_columns(x: Tensor, taps: tuple[float, ...], step: int) -> Tensor:
    width = x.shape[-1]
    size = -(-(width - len(taps) + 1) // step)
    num_blocks = -(-size // BLOCK)
    span = _span(len(taps), step)
    needed = (num_blocks - 1) * BLOCK * step + span
    padded = F.pad(x, (0, needed - width)) if needed > width else x
    blocks = padded.unfold(-1, span, BLOCK * step)
    out = torch.matmul(blocks, _band(taps, step, x.dtype, x.device))
    return out.reshape(*x.shape[:-1], num_blocks * BLOCK)[..., :size]


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
