"""GFF: base and detail are blended with saliency maps that a guided filter aligns with the image."""

from __future__ import annotations

import torch
import torch.nn.functional as F
from torch import Tensor

from diffif.fusers.base import Fuser
from diffif.fusers.classical.filters import gaussian_filter, guided_filter, mean_filter

# Section III of the paper: window of the base layer, and of the saliency's smoothing.
BASE_RADIUS, SALIENCY_RADIUS, SALIENCY_SIGMA = 15, 5, 5.0
TINY = 1e-12


def saliency(image: Tensor) -> Tensor:
    """Smoothed magnitude of the Laplacian, (B, 1, H, W)."""
    kernel = image.new_tensor([[0, 1, 0], [1, -4, 1], [0, 1, 0]]).view(1, 1, 3, 3)
    laplacian = F.conv2d(F.pad(image, (1, 1, 1, 1), mode="replicate"), kernel)
    return gaussian_filter(laplacian.abs(), SALIENCY_SIGMA, SALIENCY_RADIUS)


class GFF(Fuser):
    """Guided filtering fusion.

    Args:
        base_radius: Guided filter of the base layer's weights, r1.
        base_eps: Its eps, e1.
        detail_radius: Guided filter of the detail layer's weights, r2.
        detail_eps: Its eps, e2.
        device: Where to compute.
    """

    name = "gff"
    label = "GFF"
    kind = "classical"
    paper = "Li, Kang and Hu, Image fusion with guided filtering, IEEE TIP 22(7), 2013"
    tileable = False

    def __init__(
        self,
        *,
        base_radius: int = 45,
        base_eps: float = 0.3,
        detail_radius: int = 7,
        detail_eps: float = 1e-6,
        device: str = "cpu",
    ) -> None:
        filters = {"base": (base_radius, base_eps), "detail": (detail_radius, detail_eps)}
        super().__init__(device=device, settings=filters)
        self.filters = filters

    def _weights(self, sources: tuple[Tensor, Tensor], layer: str) -> tuple[Tensor, Tensor]:
        first, second = (saliency(image) for image in sources)
        wins = (first >= second).to(first.dtype)
        radius, eps = self.filters[layer]
        weight_a = guided_filter(sources[0], wins, radius, eps).clamp(0, 1) + TINY
        weight_b = guided_filter(sources[1], 1 - wins, radius, eps).clamp(0, 1) + TINY
        return weight_a / (weight_a + weight_b), weight_b / (weight_a + weight_b)

    def _fuse_luma(self, y: Tensor, infrared: Tensor) -> Tensor:
        sources = (infrared, y)
        bases = tuple(mean_filter(image, BASE_RADIUS) for image in sources)
        fused = torch.zeros_like(y)
        for image, base, for_base, for_detail in zip(
            sources, bases, self._weights(sources, "base"), self._weights(sources, "detail"), strict=True
        ):
            fused += for_base * base + for_detail * (image - base)
        return fused
