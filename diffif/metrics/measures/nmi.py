"""NMI: information shared with the sources, as a share of what there is; after stretching papers call it QMI."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

from torch import Tensor

from diffif.metrics.derived.histograms import entropy, histogram, joint_histogram, mutual_information
from diffif.metrics.derived.planes import Triple, stretched_or_black
from diffif.metrics.metric import Metric, Rules


@dataclass(frozen=True, kw_only=True)
class NormalizedInformationRules(Rules):
    """What toolkits do otherwise in NMI."""

    divisor: Literal["each pair", "sources"] = "each pair"
    """2 I / (H(source) + H(fused)) for each source, or twice the summed I over H(visible) + H(infrared)."""
    stretch: bool = False
    """Stretch every image to its own minimum and maximum, in 256 rounded levels, first."""


def measure(triple: Triple, rules: NormalizedInformationRules) -> Tensor:
    """(B,): mutual information with each source over entropies."""
    fused, *sources = (plane.derive(stretched_or_black) if rules.stretch else plane for plane in triple.planes)
    own = entropy(fused.derive(histogram))
    entropies = [entropy(source.derive(histogram)) for source in sources]
    shared = [mutual_information(triple.between(joint_histogram, fused, source)) for source in sources]
    if rules.divisor == "sources":
        return 2 * (shared[0] + shared[1]) / (entropies[0] + entropies[1])
    return 2 * (shared[0] / (own + entropies[0]) + shared[1] / (own + entropies[1]))


METRIC = Metric(
    name="nmi",
    label="NMI",
    summary="normalised mutual information with both sources",
    higher_is_better=True,
    value_range=(0.0, 2.0),
    undefined="the fused image and a source are both constant",
    citation="Hossny, Nahavandi and Creighton, Electronics Letters 44(18), 2008",
    rules={
        "standard": NormalizedInformationRules(),
        "liu2012": NormalizedInformationRules(stretch=True),
        "ivif-zoo": NormalizedInformationRules(divisor="sources"),
    },
    measure=measure,
)
