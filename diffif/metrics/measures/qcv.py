"""Qcv: perceived difference from the sources, region by region, weighted by how salient the region is."""

from __future__ import annotations

import math

import torch
import torch.nn.functional as F
from torch import Tensor

from diffif.metrics.derived.edges import sobel_strength
from diffif.metrics.derived.planes import Plane, Triple, stretched
from diffif.metrics.derived.spectrum import filter_radially
from diffif.metrics.metric import Metric, Rules, one_definition

REGION = 16
SALIENCY_POWER = 5
AXIS_FRACTION = 1 / 8
"""The end of each frequency axis, as a fraction of the side."""


def measure(triple: Triple, rules: Rules) -> Tensor:
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


METRIC = Metric(
    name="qcv",
    label="Qcv",
    summary="perceived regional difference from the sources",
    higher_is_better=False,
    value_range=(0.0, math.inf),
    undefined="an image is constant",
    citation="Chen and Varshney, Information Fusion 8(2), 2007",
    smallest_side=3,
    rules=one_definition("standard", "vifb", "liu2012"),
    measure=measure,
)
