"""Weights that anyone can compute again: uniform numbers of a generator that is seeded by the tensor's name.

With them the arithmetic of a network can be checked where its published weights are not at hand.
"""

from __future__ import annotations

import math
import zlib

import torch
from torch import Tensor, nn


def fill(network: nn.Module, gain: float = 1.0) -> dict[str, Tensor]:
    """A state dict for the network; with a gain of 1 most layers keep the scale of what goes through them."""
    return {name: _tensor(name, value, gain) for name, value in network.state_dict().items()}


def _tensor(name: str, value: Tensor, gain: float) -> Tensor:
    if not value.is_floating_point():
        return torch.zeros_like(value)
    # The CPU generator is the same Mersenne Twister in every version of PyTorch.
    generator = torch.Generator().manual_seed(zlib.crc32(name.encode()))
    uniform = 2 * torch.rand(value.shape, generator=generator) - 1
    if name.endswith("running_var"):
        return 1 + 0.3 * uniform
    if value.ndim <= 1:
        return 1 + 0.2 * uniform if name.endswith("weight") else 0.1 * uniform
    return gain * uniform * math.sqrt(3 / value[0].numel())
