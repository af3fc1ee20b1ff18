"""MEF-SSIM: structure of a fused image against the patch that its sources, taken together, would wish for.

Each 11x11 patch of a source is its mean, its strength and its structure (a unit vector). The wished-for patch has the
greatest strength of all sources and a mixture of their structures; the fused patch is compared with it under a
Gaussian window. Everything needed follows from local sums, so no patch is ever formed.
"""

from __future__ import annotations

import math
from collections.abc import Sequence

import torch
from torch import Tensor

from diffif.metrics.derived.windows import box_taps, gaussian_taps, slide

SIZE, SIGMA, K = 11, 1.5, 0.03
NUM_PIXELS = SIZE * SIZE
STABILISER = 0.001
LARGEST_POWER = 10.0
EPS = 2.0**-52
"""Constants of Ma, Zeng and Wang's published implementation."""


def patch_structure(fused: Tensor, sources: Sequence[Tensor]) -> Tensor:
    """(B,), float64: MEF-SSIM.

    Args:
        fused: (B, H, W), grey levels 0..255, H and W at least 11.
        sources: Two images, (B or 1, H, W).
    """
    box, window = box_taps(SIZE), gaussian_taps(SIZE, SIGMA)
    f = fused.to(torch.float64)
    a, b = (torch.broadcast_to(x.to(torch.float64), f.shape) for x in sources)
    norm_a, norm_b = _deviation_norm(a, box), _deviation_norm(b, box)
    strength_a, strength_b = norm_a + STABILISER, norm_b + STABILISER
    consistency = (_deviation_norm(a + b, box) + EPS) / (norm_a + norm_b + EPS)
    power = torch.tan(math.pi / 2 * consistency.clamp(EPS, 1 - EPS)).clamp(max=LARGEST_POWER)
    weight_a, weight_b = (strength_a / SIZE) ** power + EPS, (strength_b / SIZE) ** power + EPS
    total = weight_a + weight_b
    gain_a, gain_b = weight_a / (total * strength_a), weight_b / (total * strength_b)
    # The wished-for patch is gain_a (a - mean) + gain_b (b - mean), rescaled to the greatest strength.
    squared = gain_a.square() * norm_a.square() + gain_b.square() * norm_b.square()
    squared = squared + 2 * gain_a * gain_b * _deviation_product(a, b, box)
    norm = squared.clamp(min=0).sqrt()
    rescale = torch.where(norm > 0, torch.maximum(strength_a, strength_b) / norm, 1.0)
    gain_a, gain_b = gain_a * rescale, gain_b * rescale
    variance_f = _weighted_covariance(f, f, window)
    variance_a, variance_b = _weighted_covariance(a, a, window), _weighted_covariance(b, b, window)
    wished = gain_a.square() * variance_a + gain_b.square() * variance_b
    wished = wished + 2 * gain_a * gain_b * _weighted_covariance(a, b, window)
    shared = gain_a * _weighted_covariance(a, f, window) + gain_b * _weighted_covariance(b, f, window)
    c = (K * 255) ** 2
    return ((2 * shared + c) / (wished + variance_f + c)).mean(dim=(-2, -1))


def _deviation_product(x: Tensor, y: Tensor, box: tuple[float, ...]) -> Tensor:
    """Sum over each patch of the product of the deviations from the patch means."""
    return slide(x * y, box) - slide(x, box) * slide(y, box) / NUM_PIXELS


def _deviation_norm(x: Tensor, box: tuple[float, ...]) -> Tensor:
    return _deviation_product(x, x, box).clamp(min=0).sqrt()


def _weighted_covariance(x: Tensor, y: Tensor, window: tuple[float, ...]) -> Tensor:
    return slide(x * y, window) - slide(x, window) * slide(y, window)
