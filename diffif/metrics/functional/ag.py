"""AG: the mean gradient of the fused image."""

from __future__ import annotations

from torch import Tensor

from diffif.metrics.edges import differences
from diffif.metrics.evaluation import evaluate_one
from diffif.metrics.planes import Triple, mean_over_pixels
from diffif.metrics.rules import GradientRules


def measure_ag(triple: Triple, rules: GradientRules) -> Tensor:
    """(B,): mean of sqrt((gx^2 + gy^2) / 2) with central differences, one-sided at the border."""
    along_rows, along_columns = triple.fused.derive(differences)
    mean = mean_over_pixels(((along_rows.square() + along_columns.square()) / 2).sqrt_())
    if rules.divisor == "pixels":
        return mean
    height, width = along_rows.shape[-2:]
    return mean * (height * width / ((height - 1) * (width - 1)))


def ag(fused: Tensor, visible: Tensor, infrared: Tensor, *, convention: str = "standard") -> Tensor:
    """Average gradient of the fused image, in grey levels per pixel; higher is better.

    Args:
        fused: Y of the fused image, (B, 1, H, W), float in [0, 1], H and W at least 2.
        visible: Y of the visible source, same shape and range; only checked.
        infrared: The infrared source, same shape and range; only checked.
        convention: Which published definition to follow; see `conventions.py`.

    Returns:
        (B,), 0 or more; never nan.

    Raises:
        ImageError: shapes differ, or a value lies outside [0, 1].

    Source: Cui et al., Optics Communications 341, 2015.
    """
    return evaluate_one("ag", fused, visible, infrared, convention=convention)
