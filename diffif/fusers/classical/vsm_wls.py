"""VSM-WLS: a hybrid edge-preserving pyramid; bases by visual saliency, details by weighted least squares."""

from __future__ import annotations

import torch
from torch import Tensor

from diffif.fusers.base import Fuser
from diffif.fusers.classical.filters import gaussian_filter, guided_filter, mean_filter
from diffif.fusers.classical.pyramid import choose_larger

# Section 3 of the paper.
LEVELS, SIGMA_SPACE, SIGMA_RANGE, ROLLS = 4, 2, 0.05, 4
SMOOTHING_SIGMA, SMOOTHING_RADIUS, WINDOW_RADIUS = 2.0, 6, 3
TINY = 1e-6


def rolling_guidance(image: Tensor, sigma: int) -> Tensor:
    """Structures smaller than `sigma` pixels removed, edges of larger ones restored by rolling guidance.

    Source: Zhang et al., Rolling guidance filter, ECCV 2014; with a guided filter as the joint filter.
    """
    result = gaussian_filter(image, sigma, 3 * sigma)
    for _ in range(ROLLS):
        result = guided_filter(result, image, sigma, SIGMA_RANGE**2)
    return result


def decompose(image: Tensor) -> list[Tensor]:
    """Detail layers, finest first, and the base; they sum to the image."""
    layers, current = [], image
    for level in range(LEVELS - 1):
        smoother = rolling_guidance(current, SIGMA_SPACE * 2**level)
        layers.append(current - smoother)
        current = smoother
    base = gaussian_filter(current, SIGMA_SPACE, 3 * SIGMA_SPACE)
    return [*layers, current - base, base]


def visual_saliency(image: Tensor) -> Tensor:
    """Summed distance of a pixel's grey level to all others, stretched to [0, 1]; (B, 1, H, W)."""
    grey = (image * 255).round().long()
    levels = torch.arange(256, device=image.device)
    distance = (levels[:, None] - levels[None, :]).abs().double()
    maps = []
    for one in grey:
        table = distance @ torch.bincount(one.flatten(), minlength=256).double()
        values = table[one]
        low, high = values.aminmax()
        maps.append((values - low) / (high - low).clamp_min(TINY))
    return torch.stack(maps).to(image.dtype)


class VSMWLS(Fuser):
    """Visual saliency map and weighted least squares.

    Args:
        weight: Lambda of the paper: how strongly coarse details are drawn towards the infrared layer where the visible
            layer is flat, as in the authors' code.
        device: Where to compute.
    """

    name = "vsm-wls"
    label = "VSM-WLS"
    kind = "classical"
    paper = (
        "Ma et al., Infrared and visible image fusion based on visual saliency map and weighted least square "
        "optimization, Infrared Physics & Technology 82, 2017"
    )
    tileable = False

    def __init__(self, *, weight: float = 0.01, device: str = "cpu") -> None:
        super().__init__(device=device, settings={"weight": weight})
        self.weight = weight

    def _fuse_luma(self, y: Tensor, infrared: Tensor) -> Tensor:
        first, second = decompose(infrared), decompose(y)
        lead = (visual_saliency(infrared) - visual_saliency(y)) / 2
        fused = (0.5 + lead) * first[-1] + (0.5 - lead) * second[-1]
        fused = fused + choose_larger(first[0], second[0])
        for detail_a, detail_b in zip(first[1:-1], second[1:-1], strict=True):
            fused = fused + self._least_squares(detail_a, detail_b)
        return fused

    def _least_squares(self, infrared: Tensor, visible: Tensor) -> Tensor:
        """Equation (14): the smoothed choice of the stronger detail, pulled towards one layer; solved per pixel."""
        takes_visible = (infrared.abs() < visible.abs()).to(infrared.dtype)
        takes_visible = gaussian_filter(takes_visible, SMOOTHING_SIGMA, SMOOTHING_RADIUS)
        chosen = takes_visible * visible + (1 - takes_visible) * infrared
        pull = self.weight / (mean_filter(visible, WINDOW_RADIUS).abs() + TINY)
        return (chosen + pull * infrared) / (1 + pull)
