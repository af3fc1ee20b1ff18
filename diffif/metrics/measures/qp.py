"""Qp: features found by phase congruency in the sources that are found again in the fused image."""

from __future__ import annotations

import math

import torch
import torch.nn.functional as F
from torch import Tensor

from diffif.metrics.derived.congruency import phase_congruency
from diffif.metrics.derived.planes import Triple
from diffif.metrics.derived.windows import gaussian_taps, slide
from diffif.metrics.metric import Metric, Rules, one_definition

FEATURE_THRESHOLD = 0.1
STABILISER = 1e-4
WINDOW_SIZE, WINDOW_SIGMA = 11, 1.5


def measure(triple: Triple, rules: Rules) -> Tensor:
    """(B,): product of three local correlations: phase congruency, its greatest and its least moment."""
    own = triple.fused.derive(phase_congruency)
    visible, infrared = (source.derive(phase_congruency) for source in triple.sources)
    from_visible = visible[0] > infrared[0]
    greater = tuple(torch.where(from_visible, vi, ir) for vi, ir in zip(visible, infrared, strict=True))
    masks = [maps[0] > FEATURE_THRESHOLD for maps in (visible, infrared, greater)]
    result = torch.ones(own[0].shape[0], dtype=torch.float64, device=own[0].device)
    for feature in range(len(own)):
        candidates = [
            torch.where(mask, _local_correlation(maps[feature] * mask, own[feature]), 0.0)
            for mask, maps in zip(masks, (visible, infrared, greater), strict=True)
        ]
        best = torch.stack(torch.broadcast_tensors(*candidates)).amax(dim=0)
        result = result * best.sum(dim=(-2, -1)) / masks[2].sum(dim=(-2, -1))
    return result


def _local_correlation(a: Tensor, b: Tensor) -> Tensor:
    taps = gaussian_taps(WINDOW_SIZE, WINDOW_SIGMA)

    def smooth(x: Tensor) -> Tensor:
        return slide(F.pad(x, (WINDOW_SIZE // 2,) * 4), taps)

    mean_a, mean_b = smooth(a), smooth(b)
    variance_a = smooth(a.square()) - mean_a.square()
    variance_b = smooth(b.square()) - mean_b.square()
    covariance = smooth(a * b) - mean_a * mean_b
    return (covariance + STABILISER) / ((variance_a * variance_b).abs().sqrt() + STABILISER)


METRIC = Metric(
    name="qp",
    label="Qp",
    summary="preservation of phase-congruency features",
    higher_is_better=True,
    value_range=(0.0, math.inf),
    undefined="neither source has a feature",
    citation="Zhao, Laganiere and Liu, Int. J. Innovative Computing 3(6A), 2007",
    smallest_side=16,
    rules=one_definition("standard", "liu2012"),
    measure=measure,
)
