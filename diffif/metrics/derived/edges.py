"""Edges of a plane: Sobel strength and orientation at each pixel, and central differences."""

from __future__ import annotations

import torch
import torch.nn.functional as F
from torch import Tensor

from diffif.metrics.derived.planes import MAX_LEVEL, Plane, exact_quotient


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
    along = (x[:, :, 2:] + x[:, :, :-2]).add_(x[:, :, 1:-1], alpha=2)
    horizontal = (across[:, 2:] + across[:, :-2]).add_(across[:, 1:-1], alpha=2)
    vertical = along[:, :-2] - along[:, 2:]
    return horizontal, vertical


def unit_sobel(plane: Plane) -> tuple[Tensor, Tensor]:
    """`sobel` with a zero border of levels / 255, float64, rounded as MATLAB's conv2 rounds.

    It adds the nine products column by column. In exact arithmetic the order would not matter; here it decides the
    sign of what is left where the true response is zero, and with it the orientation of pure vertical edges.
    """
    x = F.pad(exact_quotient(plane.levels.to(torch.float64), MAX_LEVEL), (1, 1, 1, 1))
    height, width = plane.levels.shape[-2:]
    horizontal, vertical = (torch.zeros(plane.levels.shape, dtype=x.dtype, device=x.device) for _ in range(2))
    for column, across in enumerate((1, 0, -1)):
        for row, down in enumerate((1, 0, -1)):
            part = x[:, 2 - row : 2 - row + height, 2 - column : 2 - column + width]
            horizontal = horizontal - across * (2 - abs(down)) * part
            vertical = vertical + down * (2 - abs(across)) * part
    return horizontal, vertical


def sobel_edges(plane: Plane, unit_range: bool) -> tuple[Tensor, Tensor, Tensor]:
    """Edge strength, and the horizontal (0 or more) and vertical component of its orientation.

    The orientation, the angle of the two components, lies in (-pi/2, pi/2] and is pi/2 where the horizontal response is
    zero: the published code sets that whatever the sign of the vertical one. The distance to a neighbouring orientation
    then depends on which way is up, so `sobel` must keep its directions.
    """
    horizontal, vertical = unit_sobel(plane) if unit_range else sobel(plane, "zero")
    strength = horizontal.square().add_(vertical.square()).sqrt_()
    sign = horizontal.sign()
    upward = vertical.mul_(sign).add_(1).sub_(sign.square_())
    return strength, horizontal.abs_(), upward


def orientation_distance(first: tuple[Tensor, Tensor, Tensor], second: tuple[Tensor, Tensor, Tensor]) -> Tensor:
    """Angle between the orientations of two planes' `sobel_edges`, in [0, pi)."""
    _, across_a, up_a = first
    _, across_b, up_b = second
    sine = (up_a * across_b).addcmul_(across_a, up_b, value=-1).abs_()
    cosine = (across_a * across_b).addcmul_(up_a, up_b)
    return torch.atan2(sine, cosine)


def sobel_strength(plane: Plane, border: str) -> Tensor:
    """(B, H, W), float32: edge strength alone."""
    horizontal, vertical = sobel(plane, border)
    return (horizontal.square_() + vertical.square_()).sqrt_()


def differences(plane: Plane) -> tuple[Tensor, Tensor]:
    """Central differences along rows and columns, one-sided at the border (MATLAB's `gradient`), each (B, H, W)."""
    return _central(plane.levels), _central(plane.levels.mT).mT


def _central(x: Tensor) -> Tensor:
    out = torch.empty_like(x)
    torch.sub(x[..., 2:], x[..., :-2], out=out[..., 1:-1])
    out[..., 1:-1] /= 2
    out[..., 0] = x[..., 1] - x[..., 0]
    out[..., -1] = x[..., -1] - x[..., -2]
    return out
