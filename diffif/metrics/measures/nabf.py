"""Nabf: edges in the fused image that neither source has.

`tang` swaps the arguments and so measures something else.
"""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import Literal

import torch
from torch import Tensor

from diffif.metrics.derived.edges import sobel
from diffif.metrics.derived.planes import Plane, Triple
from diffif.metrics.metric import Metric, Rules

STRENGTH_GAMMA, STRENGTH_KAPPA, STRENGTH_SIGMA = 0.9999, 19.0, 0.5
ORIENTATION_GAMMA, ORIENTATION_KAPPA, ORIENTATION_SIGMA = 0.9995, 22.0, 0.5
STRENGTH_THRESHOLD, WEIGHT_POWER = 2.0, 1.5
"""Constants of Shreyamsha Kumar's published implementation."""
SOBEL_SUM = 8.0


@dataclass(frozen=True, kw_only=True)
class ArtifactRules(Rules):
    """What toolkits do otherwise in Nabf."""

    scale: float = 1.0
    """Factor on the grey levels, against a strength threshold of 2."""
    faint_weight: float = 0.001
    """Weight of edges below the threshold."""
    roles: Literal["fused, sources", "infrared for fused"] = "fused, sources"
    """Order of the arguments; swapped, the artefacts of the infrared image against visible and fused are counted."""

    @property
    def symmetric(self) -> bool:
        """Not where the infrared image is taken for the fused one."""
        return self.roles == "fused, sources"


def measure(triple: Triple, rules: ArtifactRules) -> Tensor:
    """(B,): edge information lost where the fused edge is stronger than both source edges, weighted."""
    if rules.roles == "infrared for fused":
        fused, sources = triple.infrared, (triple.visible, triple.fused)
    else:
        fused, sources = triple.fused, triple.sources
    strength_f, orientation_f = fused.derive(gradient, rules.scale)
    artefact = torch.ones_like(strength_f, dtype=torch.bool)
    lost, total = [], []
    for source in sources:
        strength, orientation = source.derive(gradient, rules.scale)
        artefact = artefact & (strength_f > strength)
        weight = torch.where(strength >= STRENGTH_THRESHOLD, strength**WEIGHT_POWER, rules.faint_weight)
        lost.append((1 - _preserved(strength, orientation, strength_f, orientation_f)) * weight)
        total.append(weight.sum(dim=(-2, -1)))
    return torch.where(artefact, lost[0] + lost[1], 0.0).sum(dim=(-2, -1)) / (total[0] + total[1])


def gradient(plane: Plane, scale: float) -> tuple[Tensor, Tensor]:
    """Edge strength and orientation, float64, the image mirrored at its border; 0 where there is no edge."""
    horizontal, vertical = sobel(plane, "reflect")
    across, down = (response.to(torch.float64) * (scale / SOBEL_SUM) for response in (horizontal, -vertical))
    orientation = torch.atan(across / down)
    return torch.hypot(across, down), orientation.nan_to_num(nan=0.0)


def _preserved(strength_s: Tensor, orientation_s: Tensor, strength_f: Tensor, orientation_f: Tensor) -> Tensor:
    ratio = torch.minimum(strength_s, strength_f) / torch.maximum(strength_s, strength_f)
    ratio = ratio.nan_to_num(nan=0.0)
    alignment = ((orientation_s - orientation_f).abs() - math.pi / 2).abs() * (2 / math.pi)
    by_strength = STRENGTH_GAMMA * torch.sigmoid(STRENGTH_KAPPA * (ratio - STRENGTH_SIGMA))
    by_orientation = ORIENTATION_GAMMA * torch.sigmoid(ORIENTATION_KAPPA * (alignment - ORIENTATION_SIGMA))
    return (by_strength * by_orientation).sqrt()


METRIC = Metric(
    name="nabf",
    label="Nabf",
    summary="artefacts that fusion added",
    higher_is_better=False,
    value_range=(0.0, 1.0),
    undefined="no weight is left (ivif-zoo: no strong edge in either source)",
    citation="Shreyamsha Kumar, Signal, Image and Video Processing 7(6), 2013",
    smallest_side=3,
    rules={
        "standard": ArtifactRules(),
        "tang": ArtifactRules(roles="infrared for fused"),
        "tang-uint8": ArtifactRules(scale=1 / 255),
        "ivif-zoo": ArtifactRules(faint_weight=0.0),
    },
    measure=measure,
)
