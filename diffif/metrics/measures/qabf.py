"""Qabf: edges of the sources that are found again in the fused image."""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import Literal

import torch
from torch import Tensor

from diffif.metrics.derived.edges import orientation_distance, sobel, sobel_edges
from diffif.metrics.derived.planes import Plane, Triple, mean_over_pixels, sum_over_pixels
from diffif.metrics.metric import Metric, Rules

STRENGTH_GAMMA, STRENGTH_KAPPA, STRENGTH_SIGMA = 0.9994, 15.0, 0.5
ORIENTATION_GAMMA, ORIENTATION_KAPPA, ORIENTATION_SIGMA = 0.9879, 22.0, 0.8
"""Sigmoid constants of Xydeas and Petrovic, section 2."""
LOCAL_STRENGTH_KAPPA, LOCAL_STRENGTH_SIGMA = 10.0, 0.5
LOCAL_ORIENTATION_KAPPA, LOCAL_ORIENTATION_SIGMA = 20.0, 0.75
SMALLEST = 1e-30
"""Divides a strength of zero, whose ratio is then zero."""
FLOOR = 1e-5
"""Constants of the `liu2012` toolkit."""


@dataclass(frozen=True, kw_only=True)
class EdgeRules(Rules):
    """What toolkits do otherwise in Qabf."""

    scale: float = 1.0
    """Factor on the grey levels. It matters where strengths are equal: the ratio is then the strength itself."""
    form: Literal["whole", "local"] = "whole"
    """Preserved strength over all strength of both images; or that quotient at each pixel, then its mean, with the
    constants and the folded orientations of the first paper (QG)."""
    unit_range: bool = False
    """Sobel sums of levels / 255 in double precision, in the order of MATLAB's conv2: where the exact response is zero
    a rounding error is left, and its sign decides the orientation."""


def measure(triple: Triple, rules: EdgeRules) -> Tensor:
    """(B,): edge preservation averaged over both sources, weighted by their edge strength."""
    if rules.form == "local":
        return _local(triple)
    kept, total = [], []
    for source in triple.sources:
        strength = source.derive(sobel_edges, rules.unit_range)[0]
        preserved = triple.between(edge_preservation, source, triple.fused, rules)
        kept.append(sum_over_pixels(preserved * strength))
        total.append(source.derive(total_strength, rules.unit_range))
    return (kept[0] + kept[1]) / (total[0] + total[1])


def total_strength(plane: Plane, unit_range: bool) -> Tensor:
    """(B,), float64: the sum of the edge strengths."""
    return sum_over_pixels(plane.derive(sobel_edges, unit_range)[0])


def edge_preservation(source: Plane, fused: Plane, rules: EdgeRules) -> Tensor:
    """(B, H, W) in [0, 1): how well strength and orientation of each source edge survive (equations 4 to 8)."""
    edges_s, edges_f = source.derive(sobel_edges, rules.unit_range), fused.derive(sobel_edges, rules.unit_range)
    strength_s, strength_f = edges_s[0], edges_f[0]
    ratio = torch.minimum(strength_s, strength_f).div_(torch.maximum(strength_s, strength_f).clamp_(min=SMALLEST))
    # Equal strengths give the strength itself in the published code, not 1: no edge at all scores near 0. They are
    # where the ratio is 1: of two different floats it is less.
    equal = ratio.floor()
    ratio.mul_(equal.mul_((strength_f * rules.scale).sub_(1)).add_(1))
    by_strength = ratio.sub_(STRENGTH_SIGMA).mul_(STRENGTH_KAPPA).sigmoid_()
    misalignment = orientation_distance(edges_s, edges_f).mul_(2 / math.pi)
    by_orientation = misalignment.sub_(1 - ORIENTATION_SIGMA).mul_(-ORIENTATION_KAPPA).sigmoid_()
    return by_strength.mul_(by_orientation).mul_(STRENGTH_GAMMA * ORIENTATION_GAMMA)


def _local(triple: Triple) -> Tensor:
    kept, total = [], []
    for source in triple.sources:
        strength_s, orientation_s = source.derive(_floored_edges)
        strength_f, orientation_f = triple.fused.derive(_floored_edges)
        ratio = torch.minimum(strength_s, strength_f) / torch.maximum(strength_s, strength_f)
        alignment = ((orientation_s - orientation_f).abs() - math.pi / 2).abs() * (2 / math.pi)
        by_strength = torch.sigmoid(LOCAL_STRENGTH_KAPPA * (ratio - LOCAL_STRENGTH_SIGMA))
        by_orientation = torch.sigmoid(LOCAL_ORIENTATION_KAPPA * (alignment - LOCAL_ORIENTATION_SIGMA))
        kept.append(by_strength * by_orientation * strength_s)
        total.append(strength_s)
    return mean_over_pixels((kept[0] + kept[1]) / (total[0] + total[1]))


def _floored_edges(plane: Plane) -> tuple[Tensor, Tensor]:
    """Strength and orientation, float64, where a strength or a horizontal response of zero becomes `FLOOR`."""
    horizontal, vertical = (response.to(torch.float64) for response in sobel(plane, "zero"))
    strength = torch.hypot(horizontal, vertical)
    orientation = torch.atan(vertical / torch.where(horizontal == 0, FLOOR, horizontal))
    return torch.where(strength == 0, FLOOR, strength), orientation


METRIC = Metric(
    name="qabf",
    label="Qabf",
    summary="edge information carried from both sources into the fused image",
    higher_is_better=True,
    value_range=(0.0, 1.0),
    undefined="neither source has an edge (both are black; never under liu2012)",
    citation="Xydeas and Petrovic, Electronics Letters 36(4), 2000",
    smallest_side=3,
    rules={
        "standard": EdgeRules(),
        "tang": EdgeRules(),
        "tang-uint8": EdgeRules(unit_range=True),
        "vifb": EdgeRules(scale=255.0),
        "ivif-zoo": EdgeRules(),
        "liu2012": EdgeRules(form="local"),
        "vf-bench": EdgeRules(),
    },
    measure=measure,
)
