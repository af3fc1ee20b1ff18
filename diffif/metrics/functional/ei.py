"""EI: the mean edge strength of the fused image."""

from __future__ import annotations

from torch import Tensor

from diffif.metrics.edges import sobel_strength
from diffif.metrics.evaluation import evaluate_one
from diffif.metrics.planes import Triple, mean_over_pixels
from diffif.metrics.rules import IntensityRules


def measure_ei(triple: Triple, rules: IntensityRules) -> Tensor:
    """(B,): mean Sobel strength of the fused image."""
    return mean_over_pixels(triple.fused.derive(sobel_strength, rules.border))


def ei(fused: Tensor, visible: Tensor, infrared: Tensor, *, convention: str = "standard") -> Tensor:
    """Edge intensity of the fused image, in Sobel units of grey levels; higher is better.

    Args:
        fused: Y of the fused image, (B, 1, H, W), float in [0, 1], H and W at least 3.
        visible: Y of the visible source, same shape and range; only checked.
        infrared: The infrared source, same shape and range; only checked.
        convention: Which published definition to follow; see `conventions.py`.

    Returns:
        (B,), 0 or more; never nan.

    Raises:
        ImageError: shapes differ, or a value lies outside [0, 1].

    Source: Rajalingam and Priya, International Journal of Engineering Science Invention, 2018.
    """
    return evaluate_one("ei", fused, visible, infrared, convention=convention)
