"""MI: information that the fused image shares with its sources."""

from __future__ import annotations

import math

from torch import Tensor

from diffif.metrics.conventions import MutualInformationRules
from diffif.metrics.evaluation import evaluate_one
from diffif.metrics.histograms import joint_histogram, mutual_information
from diffif.metrics.planes import Triple


def measure_mi(triple: Triple, rules: MutualInformationRules) -> Tensor:
    """(B,): the fused image's mutual information with each source, summed."""
    shared = [mutual_information(triple.between(joint_histogram, triple.fused, source)) for source in triple.sources]
    return (shared[0] + shared[1]) / math.log(rules.log_base)


def mi(fused: Tensor, visible: Tensor, infrared: Tensor, *, convention: str = "standard") -> Tensor:
    """Mutual information with both sources, summed; higher is better.

    Args:
        fused: Y of the fused image, (B, 1, H, W), float in [0, 1].
        visible: Y of the visible source, same shape and range.
        infrared: The infrared source, same shape and range.
        convention: Which published definition to follow (nats or bits); see `conventions.py`.

    Returns:
        (B,), 0 or more, in nats under `standard`; never nan there.

    Raises:
        ImageError: shapes differ, or a value lies outside [0, 1].

    Source: Qu, Zhang and Yan, Electronics Letters 38(7), 2002.
    """
    return evaluate_one("mi", fused, visible, infrared, convention=convention)
