"""Edges of a plane: Sobel strength and orientation at each pixel, and central differences."""

from __future__ import annotations

import math

import torch
import torch.nn.functional as F
from torch import Tensor

from diffif.metrics.planes import Plane


def sobel(plane: Plane, border: str) -> tuple[Tensor, Tensor]:
    """Rightward and upward Sobel responses, each (B, H, W), float32.

    Args:
        plane: The image.
        border: What lies beyond it: "zero" (its frame is then an edge, as in the published evaluators of Qabf),
            "replicate" or "reflect".
    """
    mode = "constant" if border == "zero" else border
    x = F.pad(plane.levels.unsqueeze(1), (1, 1, 1, 1), mode=mode).squeeze(1)
    across = x[:, :, 2:] - x[:, :, :-2]
    along = x[:, :, 2:] + 2 * x[:, :, 1:-1] + x[:, :, :-2]
    horizontal = across[:, 2:] + 2 * across[:, 1:-1] + across[:, :-2]
    vertical = along[:, :-2] - along[:, 2:]
    return horizontal, vertical


def sobel_edges(plane: Plane) -> tuple[Tensor, Tensor]:
    """Edge strength, and orientation in (-pi/2, pi/2]; pi/2 where the horizontal response is zero."""
    horizontal, vertical = sobel(plane, "zero")
    strength = (horizontal.square() + vertical.square()).sqrt_()
    orientation = (vertical / horizontal).atan_()
    # The published code sets +pi/2 for every zero horizontal response, whatever the sign of the vertical one: the
    # distance to a neighbouring orientation then depends on which way is up, so `sobel` must keep its directions.
    orientation.masked_fill_(horizontal == 0, math.pi / 2)
    return strength, orientation


def sobel_strength(plane: Plane, border: str) -> Tensor:
    """(B, H, W), float32: edge strength alone."""
    horizontal, vertical = sobel(plane, border)
    return (horizontal.square_() + vertical.square_()).sqrt_()


def differences(plane: Plane) -> tuple[Tensor, Tensor]:
    """Central differences along rows and columns, one-sided at the border (MATLAB's `gradient`), each (B, H, W)."""
    return _central(plane.levels), _central(plane.levels.mT).mT


def _central(x: Tensor) -> Tensor:
    first = x[..., 1:2] - x[..., :1]
    last = x[..., -1:] - x[..., -2:-1]
    return torch.cat((first, (x[..., 2:] - x[..., :-2]) / 2, last), dim=-1)
