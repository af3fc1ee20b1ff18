"""GFF: base and detail are blended with saliency maps that a guided filter aligns with the image.

The method takes a base layer from the source with more texture, noise included. By day a smooth road or a saturated sky
has less of it than the noise of a contrast-enhanced infrared image, and the fused image is dark there: that is GFF, not
a fault of this file, which agrees with the authors' code to a fifth of a grey level (tests/golden/test_vifb_fusers.py).
"""

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
    padded = F.pad(image, (1, 1, 1, 1), mode="replicate")
    neighbours = padded[..., :-2, 1:-1], padded[..., 2:, 1:-1], padded[..., 1:-1, :-2], padded[..., 1:-1, 2:]
    # As differences, a flat region is exactly 0 on every device; rounding must not decide which source wins there.
    laplacian = torch.stack([one - image for one in neighbours]).sum(dim=0)
    return gaussian_filter(laplacian.abs(), SALIENCY_SIGMA, SALIENCY_RADIUS)


def _eight_bit(weight: Tensor) -> Tensor:
    """Weights in [0, 1], rounded as the authors' code stores them."""
    return (weight.clamp(0, 1) * 255).round() / 255


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
    code_version = 2

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
        # Where neither source has any texture neither wins. The authors' argmax gives such regions to whichever source
        # is named first: a saturated sky to a black infrared image.
        wins = (first > second).to(first.dtype) + 0.5 * (first == second).to(first.dtype)
        radius, eps = self.filters[layer]
        weight_a = _eight_bit(guided_filter(sources[0], wins, radius, eps)) + TINY
        weight_b = _eight_bit(guided_filter(sources[1], 1 - wins, radius, eps)) + TINY
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
