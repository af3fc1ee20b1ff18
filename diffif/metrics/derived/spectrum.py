"""Filters given in the frequency plane, for the metrics that model human contrast sensitivity."""

from __future__ import annotations

from collections.abc import Callable
from functools import lru_cache

import torch
from torch import Tensor


@lru_cache(maxsize=8)
def radial_frequency(height: int, width: int, fraction: float, device: torch.device) -> Tensor:
    """(H, W // 2 + 1), float64: distance from zero frequency, with `fraction * side` at the end of each axis."""
    down = torch.fft.fftfreq(height, dtype=torch.float64, device=device) * (2 * fraction * height)
    across = torch.fft.rfftfreq(width, dtype=torch.float64, device=device) * (2 * fraction * width)
    return torch.hypot(down.unsqueeze(1), across.unsqueeze(0))


def filter_radially(x: Tensor, response: Callable[[Tensor], Tensor], fraction: float) -> Tensor:
    """Filter (B, H, W), float64, by a real response that depends on `radial_frequency` alone."""
    height, width = x.shape[-2:]
    transfer = response(radial_frequency(height, width, fraction, x.device))
    filtered: Tensor = torch.fft.irfft2(torch.fft.rfft2(x) * transfer, s=(height, width))
    return filtered
