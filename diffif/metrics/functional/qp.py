"""Qp: features found by phase congruency in the sources that are found again in the fused image."""

from __future__ import annotations

import torch
import torch.nn.functional as F
from torch import Tensor

from diffif.metrics.congruency import phase_congruency
from diffif.metrics.evaluation import evaluate_one
from diffif.metrics.planes import Triple
from diffif.metrics.rules import Rules
from diffif.metrics.windows import gaussian_taps, slide

FEATURE_THRESHOLD = 0.1
STABILISER = 1e-4
WINDOW_SIZE, WINDOW_SIGMA = 11, 1.5


def measure_qp(triple: Triple, rules: Rules) -> Tensor:
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


def qp(fused: Tensor, visible: Tensor, infrared: Tensor, *, convention: str = "standard") -> Tensor:
    """Preservation of phase-congruency features (Zhao et al.); higher is better.

    Args:
        fused: Y of the fused image, (B, 1, H, W), float in [0, 1], H and W at least 16.
        visible: Y of the visible source, same shape and range.
        infrared: The infrared source, same shape and range.
        convention: Which published definition to follow; see `conventions.py`.

    Returns:
        (B,) in [0, 1] but for rounding. nan where neither source has a feature (0/0).

    Raises:
        ImageError: shapes differ, or a value lies outside [0, 1].

    Source: Zhao, Laganiere and Liu, International Journal of Innovative Computing 3(6A), 2007.
    """
    return evaluate_one("qp", fused, visible, infrared, convention=convention)
