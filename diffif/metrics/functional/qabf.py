"""Qabf: edges of the sources that are found again in the fused image."""

from __future__ import annotations

import math

import torch
from torch import Tensor

from diffif.metrics.edges import sobel_edges
from diffif.metrics.evaluation import evaluate_one
from diffif.metrics.planes import Plane, Triple
from diffif.metrics.rules import EdgeRules

STRENGTH_GAMMA, STRENGTH_KAPPA, STRENGTH_SIGMA = 0.9994, 15.0, 0.5
ORIENTATION_GAMMA, ORIENTATION_KAPPA, ORIENTATION_SIGMA = 0.9879, 22.0, 0.8
"""Sigmoid constants of Xydeas and Petrovic, section 2."""


def measure_qabf(triple: Triple, rules: EdgeRules) -> Tensor:
    """(B,): edge preservation averaged over both sources, weighted by their edge strength."""
    kept, total = [], []
    for source in triple.sources:
        strength = source.derive(sobel_edges, rules.unit_range)[0]
        preserved = triple.between(edge_preservation, source, triple.fused, rules)
        kept.append((preserved * strength).sum(dim=(-2, -1), dtype=torch.float64))
        total.append(source.derive(total_strength, rules.unit_range))
    return (kept[0] + kept[1]) / (total[0] + total[1])


def total_strength(plane: Plane, unit_range: bool) -> Tensor:
    """(B,), float64: the sum of the edge strengths."""
    return plane.derive(sobel_edges, unit_range)[0].sum(dim=(-2, -1), dtype=torch.float64)


def edge_preservation(source: Plane, fused: Plane, rules: EdgeRules) -> Tensor:
    """(B, H, W) in [0, 1): how well strength and orientation of each source edge survive (equations 4 to 8)."""
    strength_s, orientation_s = source.derive(sobel_edges, rules.unit_range)
    strength_f, orientation_f = fused.derive(sobel_edges, rules.unit_range)
    ratio = torch.minimum(strength_s, strength_f).div_(torch.maximum(strength_s, strength_f))
    # Equal strengths give the strength itself in the published code, not 1: no edge at all scores near 0.
    equal = strength_f if rules.scale == 1 else strength_f * rules.scale
    ratio = torch.where(strength_s == strength_f, equal, ratio)
    misalignment = (orientation_s - orientation_f).abs_().mul_(2 / math.pi)
    by_strength = ratio.sub_(STRENGTH_SIGMA).mul_(-STRENGTH_KAPPA).exp_().add_(1)
    by_orientation = misalignment.sub_(1 - ORIENTATION_SIGMA).mul_(ORIENTATION_KAPPA).exp_().add_(1)
    return by_strength.mul_(by_orientation).reciprocal_().mul_(STRENGTH_GAMMA * ORIENTATION_GAMMA)


def qabf(fused: Tensor, visible: Tensor, infrared: Tensor, *, convention: str = "standard") -> Tensor:
    """Edge information carried from both sources into the fused image; higher is better.

    Args:
        fused: Y of the fused image, (B, 1, H, W), float in [0, 1], H and W at least 3.
        visible: Y of the visible source, same shape and range.
        infrared: The infrared source, same shape and range.
        convention: Which published definition to follow; see `conventions.py`.

    Returns:
        (B,) in [0, 1). nan where neither source has an edge, that is, where both are black (0/0).

    Raises:
        ImageError: shapes differ, or a value lies outside [0, 1].

    Source: Xydeas and Petrovic, Electronics Letters 36(4), 2000.
    """
    return evaluate_one("qabf", fused, visible, infrared, convention=convention)
