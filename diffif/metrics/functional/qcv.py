"""Qcv: perceived difference from the sources, region by region, weighted by how salient the region is."""

from __future__ import annotations

import torch
import torch.nn.functional as F
from torch import Tensor

from diffif.metrics.edges import sobel_strength
from diffif.metrics.evaluation import evaluate_one
from diffif.metrics.planes import Plane, Triple, stretched
from diffif.metrics.rules import Rules
from diffif.metrics.spectrum import filter_radially

REGION = 16
SALIENCY_POWER = 5
AXIS_FRACTION = 1 / 8
"""The end of each frequency axis, as a fraction of the side."""


def measure_qcv(triple: Triple, rules: Rules) -> Tensor:
    """(B,): mean squared perceived difference over regions, weighted by their saliency in each source."""
    own = triple.fused.derive(stretched)
    weighted, weights = [], []
    for source in triple.sources:
        plane = source.derive(stretched)
        saliency = plane.derive(region_saliency)
        difference = plane.levels.to(torch.float64) - own.levels.to(torch.float64)
        seen = filter_radially(difference, _sensitivity, AXIS_FRACTION)
        weighted.append((saliency * _sum_regions(seen.square()) / REGION**2).sum(dim=(-2, -1)))
        weights.append(saliency.sum(dim=(-2, -1)))
    return (weighted[0] + weighted[1]) / (weights[0] + weights[1])


def region_saliency(plane: Plane) -> Tensor:
    """(B, regions down, regions across), float64: sum of edge strengths to the fifth power."""
    return _sum_regions(plane.derive(sobel_strength, "zero").to(torch.float64) ** SALIENCY_POWER)


def _sum_regions(x: Tensor) -> Tensor:
    """Sums over 16x16 regions; the last ones are filled up with zeros."""
    height, width = x.shape[-2:]
    padded = F.pad(x, (0, -width % REGION, 0, -height % REGION))
    down, across = padded.shape[-2] // REGION, padded.shape[-1] // REGION
    return padded.reshape(-1, down, REGION, across, REGION).sum(dim=(-3, -1))


def _sensitivity(frequency: Tensor) -> Tensor:
    """Mannos and Sakrison's contrast sensitivity."""
    return 2.6 * (0.0192 + 0.144 * frequency) * torch.exp(-((0.144 * frequency) ** 1.1))


def qcv(fused: Tensor, visible: Tensor, infrared: Tensor, *, convention: str = "standard") -> Tensor:
    """Perceived regional difference from the sources (Chen and Varshney); lower is better.

    Args:
        fused: Y of the fused image, (B, 1, H, W), float in [0, 1], H and W at least 3.
        visible: Y of the visible source, same shape and range.
        infrared: The infrared source, same shape and range.
        convention: Which published definition to follow; see `conventions.py`.

    Returns:
        (B,), 0 or more. nan where an image is constant (it cannot be stretched).

    Raises:
        ImageError: shapes differ, or a value lies outside [0, 1].

    Source: Chen and Varshney, Information Fusion 8(2), 2007.
    """
    return evaluate_one("qcv", fused, visible, infrared, convention=convention)
