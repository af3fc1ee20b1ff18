"""EN: how much information the grey levels of the fused image hold."""

from __future__ import annotations

import math

from torch import Tensor

from diffif.metrics.evaluation import evaluate_one
from diffif.metrics.histograms import entropy, histogram
from diffif.metrics.planes import Triple
from diffif.metrics.rules import Rules


def measure_en(triple: Triple, rules: Rules) -> Tensor:
    """(B,): entropy of the fused image in bits."""
    return entropy(triple.fused.derive(histogram)) / math.log(2)


def en(fused: Tensor, visible: Tensor, infrared: Tensor, *, convention: str = "standard") -> Tensor:
    """Entropy of the fused image's 256 grey levels, in bits; higher is better.

    Args:
        fused: Y of the fused image, (B, 1, H, W), float in [0, 1].
        visible: Y of the visible source, same shape and range; only checked.
        infrared: The infrared source, same shape and range; only checked.
        convention: Which published definition to follow; see `conventions.py`.

    Returns:
        (B,) in [0, 8]; never nan. A constant image has 0.

    Raises:
        ImageError: shapes differ, or a value lies outside [0, 1].

    Source: Roberts, van Aardt and Ahmed, Journal of Applied Remote Sensing 2(1), 2008.
    """
    return evaluate_one("en", fused, visible, infrared, convention=convention)
