"""Nabf: edges in the fused image that neither source has."""

from __future__ import annotations

import math

import torch
from torch import Tensor

from diffif.metrics.edges import sobel
from diffif.metrics.evaluation import evaluate_one
from diffif.metrics.planes import Plane, Triple
from diffif.metrics.rules import ArtifactRules

STRENGTH_GAMMA, STRENGTH_KAPPA, STRENGTH_SIGMA = 0.9999, 19.0, 0.5
ORIENTATION_GAMMA, ORIENTATION_KAPPA, ORIENTATION_SIGMA = 0.9995, 22.0, 0.5
STRENGTH_THRESHOLD, WEIGHT_POWER = 2.0, 1.5
"""Constants of Shreyamsha Kumar's published implementation."""
SOBEL_SUM = 8.0


def measure_nabf(triple: Triple, rules: ArtifactRules) -> Tensor:
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


def nabf(fused: Tensor, visible: Tensor, infrared: Tensor, *, convention: str = "standard") -> Tensor:
    """Artefacts that fusion added (modified Nabf); lower is better.

    Args:
        fused: Y of the fused image, (B, 1, H, W), float in [0, 1], H and W at least 3.
        visible: Y of the visible source, same shape and range.
        infrared: The infrared source, same shape and range.
        convention: Which published definition to follow; `tang` swaps the arguments and so measures something else.

    Returns:
        (B,) in [0, 1]. nan where no weight is left (`ivif-zoo`, no strong edge in either source).

    Raises:
        ImageError: shapes differ, or a value lies outside [0, 1].

    Source: Shreyamsha Kumar, Signal, Image and Video Processing 7(6), 2013.
    """
    return evaluate_one("nabf", fused, visible, infrared, convention=convention)
