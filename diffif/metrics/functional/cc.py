"""CC: linear correlation of the fused image with its sources."""

from __future__ import annotations

import torch
from torch import Tensor

from diffif.metrics.evaluation import evaluate_one
from diffif.metrics.moments import covariance
from diffif.metrics.planes import Triple
from diffif.metrics.rules import Rules


def measure_cc(triple: Triple, rules: Rules) -> Tensor:
    """(B,): mean of the correlations with the two sources."""
    fused = triple.fused
    own = covariance(fused, fused)
    correlations = [
        covariance(fused, source) / torch.sqrt(own * covariance(source, source)) for source in triple.sources
    ]
    return (correlations[0] + correlations[1]) / 2


def cc(fused: Tensor, visible: Tensor, infrared: Tensor, *, convention: str = "standard") -> Tensor:
    """Correlation coefficient with both sources, averaged; higher is better.

    Args:
        fused: Y of the fused image, (B, 1, H, W), float in [0, 1].
        visible: Y of the visible source, same shape and range.
        infrared: The infrared source, same shape and range.
        convention: Which published definition to follow; see `conventions.py`.

    Returns:
        (B,) in [-1, 1]. nan where any of the three is constant.

    Raises:
        ImageError: shapes differ, or a value lies outside [0, 1].

    Source: Deshmukh and Bhosale, International Journal of Image Processing 4(5), 2010.
    """
    return evaluate_one("cc", fused, visible, infrared, convention=convention)
