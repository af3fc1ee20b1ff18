"""Qcb: contrast of the sources, as a human eye would weigh it, that is found in the fused image."""

from __future__ import annotations

import math
from dataclasses import dataclass

import torch
import torch.nn.functional as F
from torch import Tensor

from diffif.metrics.derived.planes import MAX_LEVEL, Plane, Triple, mean_over_pixels, stretched
from diffif.metrics.derived.spectrum import filter_radially
from diffif.metrics.derived.windows import slide
from diffif.metrics.metric import Metric, Rules

WIDE, NARROW, DIP = 15.3870, 1.3456, 0.7622
"""Contrast sensitivity as a difference of Gaussians (Chen and Blum, table 1)."""
AXIS_FRACTION = 1 / 30
"""The end of each frequency axis, as a fraction of the side."""
CENTRE_SIGMA, SURROUND_SIGMA, RADIUS = 2.0, 4.0, 15
MASKING_OFFSET = 1e-4
"""Z of the masked contrast |C|^3 / (|C|^2 + Z)."""


@dataclass(frozen=True, kw_only=True)
class ContrastRules(Rules):
    """What toolkits do otherwise in Qcb."""

    frequency_span: float = 1.0
    """Highest frequency along each axis, before scaling by a thirtieth of the side."""
    round_levels: bool = True
    """Round the stretched images to 256 levels."""


def measure(triple: Triple, rules: ContrastRules) -> Tensor:
    """(B,): preservation of each source's masked contrast, weighted by the source's share of it."""
    own = triple.fused.derive(masked_contrast, rules.frequency_span, rules.round_levels)
    visible, infrared = (
        source.derive(masked_contrast, rules.frequency_span, rules.round_levels) for source in triple.sources
    )
    weight = visible.square() / (visible.square() + infrared.square())
    kept = weight * _preserved(visible, own) + (1 - weight) * _preserved(infrared, own)
    return mean_over_pixels(kept)


def _preserved(source: Tensor, fused: Tensor) -> Tensor:
    return torch.minimum(source, fused) / torch.maximum(source, fused)


def masked_contrast(plane: Plane, frequency_span: float, round_levels: bool) -> Tensor:
    """(B, H, W), float64: contrast of a narrow against a wide Gaussian mean, after contrast sensitivity."""
    x = plane.derive(stretched).levels.to(torch.float64) if round_levels else plane.derive(_unit_range)
    seen = filter_radially(x, _sensitivity, AXIS_FRACTION * frequency_span)
    padded = F.pad(seen, (RADIUS,) * 4)
    contrast = (slide(padded, _taps(CENTRE_SIGMA)) / slide(padded, _taps(SURROUND_SIGMA)) - 1).abs()
    return contrast**3 / (contrast.square() + MASKING_OFFSET)


def _unit_range(plane: Plane) -> Tensor:
    x = plane.levels.to(torch.float64) / MAX_LEVEL
    low, high = x.amin(dim=(-2, -1), keepdim=True), x.amax(dim=(-2, -1), keepdim=True)
    return (x - low) / (high - low)


def _sensitivity(frequency: Tensor) -> Tensor:
    return torch.exp(-((frequency / WIDE) ** 2)) - DIP * torch.exp(-((frequency / NARROW) ** 2))


def _taps(sigma: float) -> tuple[float, ...]:
    """One factor of the plane Gaussian density; it is cut off and not made to sum to 1, as published."""
    density = 1 / (math.sqrt(2 * math.pi) * sigma)
    return tuple(density * math.exp(-(x**2) / (2 * sigma**2)) for x in range(-RADIUS, RADIUS + 1))


METRIC = Metric(
    name="qcb",
    label="Qcb",
    summary="preservation of perceived contrast",
    higher_is_better=True,
    value_range=(0.0, 1.0),
    undefined="an image is constant",
    citation="Chen and Blum, Image and Vision Computing 27(10), 2009",
    rules={
        "standard": ContrastRules(),
        "vifb": ContrastRules(),
        "liu2012": ContrastRules(),
        "ivif-zoo": ContrastRules(frequency_span=0.5, round_levels=False),
    },
    measure=measure,
)
