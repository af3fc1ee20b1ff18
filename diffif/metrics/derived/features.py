"""Transforms of a whole image whose coefficients feature mutual information compares."""

from __future__ import annotations

import math
from functools import lru_cache

import torch
from torch import Tensor

WAVELET = "dmey"


def cosine_transform(x: Tensor) -> Tensor:
    """Orthonormal two-dimensional cosine transform (type II) of (B, H, W), float64."""
    height, width = x.shape[-2:]
    return _cosines(height, x.device) @ x @ _cosines(width, x.device).mT


@lru_cache(maxsize=8)
def _cosines(size: int, device: torch.device) -> Tensor:
    place = torch.arange(size, dtype=torch.float64, device=device)
    matrix = torch.cos(math.pi / size * (place + 0.5) * place.unsqueeze(1)) * math.sqrt(2 / size)
    matrix[0] /= math.sqrt(2)
    return matrix


def wavelet_transform(x: Tensor) -> Tensor:
    """One level of the discrete Meyer wavelet of (B, H, W), float64: four bands in one image, stretched to [0, 1].

    The image is mirrored at its border, the border pixel repeated. Computed on the CPU.
    """
    import pywt

    approximation, (horizontal, vertical, diagonal) = pywt.dwt2(x.cpu().numpy(), WAVELET, mode="symmetric")
    bands = [torch.from_numpy(band) for band in (approximation, horizontal, vertical, diagonal)]
    upper, lower = torch.cat(bands[:2], dim=-1), torch.cat(bands[2:], dim=-1)
    image = torch.cat((upper, lower), dim=-2).to(x.device)
    low, high = image.amin(dim=(-2, -1), keepdim=True), image.amax(dim=(-2, -1), keepdim=True)
    return torch.where(high > low, (image - low) / (high - low), 1.0)
