"""QC (Cvejic et al.): structure shared with each source, weighted by the source's covariance with the fused image."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

import torch
from torch import Tensor

from diffif.metrics.derived.bare_structure import SMALLEST_SIDE, similarity
from diffif.metrics.derived.planes import Triple, mean_over_pixels
from diffif.metrics.metric import Metric, Rules


@dataclass(frozen=True, kw_only=True)
class CvejicRules(Rules):
    """What toolkits do otherwise in QC."""

    outside: Literal["clip weight", "set value"] = "clip weight"
    """Where the weight leaves [0, 1]: it is clipped; or the local value, not the weight, becomes 0 or 1."""

    @property
    def symmetric(self) -> bool:
        """Not where the local value is set: the two sources' weights leave [0, 1] on opposite sides."""
        return self.outside == "clip weight"


def measure(triple: Triple, rules: CvejicRules) -> Tensor:
    """(B,): mean over windows; where neither source varies with the fused image both count the same."""
    visible, infrared = (triple.between(similarity, source, triple.fused) for source in triple.sources)
    total = visible.covariance + infrared.covariance
    weight = torch.where(total != 0, visible.covariance / total, 0.5)
    if rules.outside == "clip weight":
        weight = weight.clamp(0, 1)
    values = weight * visible.structure + (1 - weight) * infrared.structure
    values = torch.where(weight < 0, 0.0, torch.where(weight > 1, 1.0, values))
    return mean_over_pixels(values)


METRIC = Metric(
    name="qc",
    label="QC",
    summary="structure shared with the sources, weighted by covariance",
    higher_is_better=True,
    value_range=(-1.0, 1.0),
    citation="Cvejic, Loza, Bull and Canagarajah, Int. J. Information and Communication Engineering 2(3), 2006",
    smallest_side=SMALLEST_SIDE,
    rules={"standard": CvejicRules(), "liu2012": CvejicRules(outside="set value")},
    measure=measure,
)
