"""How both networks are told the noise level: a sinusoidal code, and a shift per channel made from it."""

from __future__ import annotations

import math

import torch
from torch import Tensor, nn

MAX_PERIOD = 1e4
"""Ratio between the fastest and the slowest sinusoid (Vaswani et al., 2017; SR3)."""


class NoiseLevelEncoding(nn.Module):
    """Sinusoidal code of a continuous noise level: all sines, then all cosines.

    Source: Chen et al., WaveGrad, 2021, as used by Saharia et al., SR3, 2021.
    """

    def __init__(self, channels: int) -> None:
        super().__init__()
        self.channels = channels

    def forward(self, noise_level: Tensor) -> Tensor:
        """Code of levels (B, 1) as (B, channels)."""
        half = self.channels // 2
        step = torch.arange(half, dtype=noise_level.dtype, device=noise_level.device) / half
        angle = noise_level * torch.exp(-math.log(MAX_PERIOD) * step)
        return torch.cat([angle.sin(), angle.cos()], dim=-1)


class NoiseShift(nn.Module):
    """Adds a learned function of the noise embedding to every channel, the same at every pixel."""

    def __init__(self, embedding_channels: int, channels: int) -> None:
        super().__init__()
        self.noise_func = nn.Sequential(nn.Linear(embedding_channels, channels))

    def forward(self, x: Tensor, embedding: Tensor) -> Tensor:
        """Shift x (B, C, H, W) by a function of the embedding (B, E)."""
        shift: Tensor = self.noise_func(embedding)
        return x + shift[:, :, None, None].to(x.dtype)


def noise_level_mlp(channels: int) -> nn.Sequential:
    """Noise level (B, 1) to embedding (B, channels)."""
    return nn.Sequential(
        NoiseLevelEncoding(channels), nn.Linear(channels, 4 * channels), nn.SiLU(), nn.Linear(4 * channels, channels)
    )
