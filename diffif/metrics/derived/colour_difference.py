"""CIELAB values of sRGB images, and the CIEDE2000 difference of two of them.

Source: CIE 142-2001; symbols and order of steps as in Sharma, Wu and Dalal, Color Research and Application 30(1), 2005.
"""

from __future__ import annotations

import math

import torch
from torch import Tensor

WHITE = (0.95047, 1.0, 1.08883)
"""D65, two-degree observer."""
TO_XYZ = ((0.412453, 0.357580, 0.180423), (0.212671, 0.715160, 0.072169), (0.019334, 0.119193, 0.950227))
"""Linear sRGB to XYZ (ITU-R BT.709 primaries)."""
LINEAR_BELOW, CUBE_ROOT_ABOVE = 0.04045, 0.008856
TWENTY_FIVE = 25.0**7


def lab(rgb: Tensor) -> Tensor:
    """(B, 3, H, W), sRGB in [0, 1], to L*, a*, b*, float64."""
    x = rgb.to(torch.float64)
    linear = torch.where(x > LINEAR_BELOW, ((x + 0.055) / 1.055) ** 2.4, x / 12.92)
    matrix = torch.tensor(TO_XYZ, dtype=torch.float64, device=x.device)
    white = torch.tensor(WHITE, dtype=torch.float64, device=x.device).reshape(3, 1, 1)
    xyz = torch.einsum("ij,bjhw->bihw", matrix, linear) / white
    f = torch.where(xyz > CUBE_ROOT_ABOVE, xyz ** (1 / 3), 7.787 * xyz + 16 / 116)
    return torch.stack((116 * f[:, 1] - 16, 500 * (f[:, 0] - f[:, 1]), 200 * (f[:, 1] - f[:, 2])), dim=1)


def ciede2000(first: Tensor, second: Tensor) -> Tensor:
    """(B, 3, H, W) L*, a*, b* each, to (B, H, W): the difference, symmetric; 1 is about what can just be seen."""
    l1, a1, b1 = first.unbind(dim=1)
    l2, a2, b2 = second.unbind(dim=1)
    mean_chroma = (torch.hypot(a1, b1) + torch.hypot(a2, b2)) / 2
    boost = 1.5 - 0.5 * torch.sqrt(mean_chroma**7 / (mean_chroma**7 + TWENTY_FIVE))
    c1, h1 = _polar(boost * a1, b1)
    c2, h2 = _polar(boost * a2, b2)
    grey = c1 * c2 == 0
    turn = h2 - h1
    turn = torch.where(turn > math.pi, turn - 2 * math.pi, torch.where(turn < -math.pi, turn + 2 * math.pi, turn))
    delta_hue = 2 * torch.sqrt(c1 * c2) * torch.sin(torch.where(grey, 0.0, turn) / 2)
    hue = h1 + h2
    wrapped = torch.where(hue < 2 * math.pi, hue + 2 * math.pi, hue - 2 * math.pi)
    hue = torch.where(grey, hue, torch.where((h1 - h2).abs() > math.pi, wrapped, hue) / 2)
    lightness, chroma = (l1 + l2) / 2, (c1 + c2) / 2
    weight_lightness = 1 + 0.015 * (lightness - 50) ** 2 / torch.sqrt(20 + (lightness - 50) ** 2)
    weight_chroma = 1 + 0.045 * chroma
    weight_hue = 1 + 0.015 * chroma * _hue_factor(hue)
    rotation = -torch.sin(2 * _hue_bell(hue)) * 2 * torch.sqrt(chroma**7 / (chroma**7 + TWENTY_FIVE))
    by_lightness = (l2 - l1) / weight_lightness
    by_chroma, by_hue = (c2 - c1) / weight_chroma, delta_hue / weight_hue
    squared = by_lightness**2 + by_chroma**2 + by_hue**2 + rotation * by_chroma * by_hue
    return squared.clamp(min=0).sqrt()


def _polar(a: Tensor, b: Tensor) -> tuple[Tensor, Tensor]:
    """Chroma, and hue in [0, 2 pi)."""
    return torch.hypot(a, b), torch.atan2(b, a) % (2 * math.pi)


def _hue_factor(hue: Tensor) -> Tensor:
    """T."""
    return (
        1
        - 0.17 * torch.cos(hue - math.radians(30))
        + 0.24 * torch.cos(2 * hue)
        + 0.32 * torch.cos(3 * hue + math.radians(6))
        - 0.20 * torch.cos(4 * hue - math.radians(63))
    )


def _hue_bell(hue: Tensor) -> Tensor:
    """Delta theta, in radians."""
    return math.radians(30) * torch.exp(-(((torch.rad2deg(hue) - 275) / 25) ** 2))
