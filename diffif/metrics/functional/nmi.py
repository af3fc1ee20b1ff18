"""NMI: information shared with the sources, as a share of what there is."""

from __future__ import annotations

from torch import Tensor

from diffif.metrics.evaluation import evaluate_one
from diffif.metrics.histograms import entropy, histogram, joint_histogram, mutual_information
from diffif.metrics.planes import Triple
from diffif.metrics.rules import NormalizedInformationRules


def measure_nmi(triple: Triple, rules: NormalizedInformationRules) -> Tensor:
    """(B,): mutual information with each source over entropies."""
    own = entropy(triple.fused.derive(histogram))
    entropies = [entropy(source.derive(histogram)) for source in triple.sources]
    shared = [mutual_information(triple.between(joint_histogram, triple.fused, source)) for source in triple.sources]
    if rules.divisor == "sources":
        return 2 * (shared[0] + shared[1]) / (entropies[0] + entropies[1])
    return 2 * (shared[0] / (own + entropies[0]) + shared[1] / (own + entropies[1]))


def nmi(fused: Tensor, visible: Tensor, infrared: Tensor, *, convention: str = "standard") -> Tensor:
    """Normalised mutual information with both sources; higher is better.

    Args:
        fused: Y of the fused image, (B, 1, H, W), float in [0, 1].
        visible: Y of the visible source, same shape and range.
        infrared: The infrared source, same shape and range.
        convention: Which published definition to follow; see `conventions.py`.

    Returns:
        (B,) in [0, 2] under `standard`. nan where the fused image and a source are both constant (0/0).

    Raises:
        ImageError: shapes differ, or a value lies outside [0, 1].

    Source: Hossny, Nahavandi and Creighton, Electronics Letters 44(18), 2008.
    """
    return evaluate_one("nmi", fused, visible, infrared, convention=convention)
