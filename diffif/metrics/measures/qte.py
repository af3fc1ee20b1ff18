"""QTE: information shared with the sources, by Tsallis entropy.

Cvejic, Canagarajah and Bull sum what each source shares (q = 1.85). The driver of the `liu2012` toolkit prints another
measure under this name, that of Nava et al. (q = 0.43137): the sum over H(visible)^q + H(infrared)^q + what the sources
share, the entropies being Shannon's in bits, as in its code.
"""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import Literal

import torch
from torch import Tensor

from diffif.metrics.derived.histograms import entropy, histogram, joint_histogram
from diffif.metrics.derived.planes import Triple, stretched_or_black
from diffif.metrics.metric import Metric, Rules

CVEJIC_ORDER, NAVA_ORDER = 1.85, 0.43137


@dataclass(frozen=True, kw_only=True)
class TsallisRules(Rules):
    """What toolkits do otherwise in QTE."""

    form: Literal["sum", "share"] = "sum"
    """The summed information of order 1.85; or, of order 0.43137, its share of what the sources hold."""


def measure(triple: Triple, rules: TsallisRules) -> Tensor:
    """(B,): Tsallis information of the stretched fused image with each source."""
    fused, visible, infrared = (plane.derive(stretched_or_black) for plane in triple.planes)
    order = CVEJIC_ORDER if rules.form == "sum" else NAVA_ORDER
    with_visible, with_infrared = (
        shared_information(triple.between(joint_histogram, fused, source), order) for source in (visible, infrared)
    )
    if rules.form == "sum":
        return with_visible + with_infrared
    entropies = [entropy(source.derive(histogram)) / math.log(2) for source in (visible, infrared)]
    between_sources = shared_information(triple.between(joint_histogram, visible, infrared), order)
    return (with_visible + with_infrared) / (entropies[0] ** order + entropies[1] ** order + between_sources)


def shared_information(joint: Tensor, order: float) -> Tensor:
    """(B, 256, 256) joint shares to (B,): Tsallis divergence of the joint shares from independence."""
    independent = joint.sum(dim=2, keepdim=True) * joint.sum(dim=1, keepdim=True)
    terms = torch.where(independent > 0, joint**order / independent ** (order - 1), 0.0)
    return (1 - terms.sum(dim=(-2, -1))) / (1 - order)


METRIC = Metric(
    name="qte",
    label="QTE",
    summary="Tsallis information shared with both sources",
    higher_is_better=True,
    value_range=(0.0, math.inf),
    undefined="both sources are constant (liu2012)",
    citation="Cvejic, Canagarajah and Bull, Electronics Letters 42(11), 2006",
    rules={"standard": TsallisRules(), "liu2012": TsallisRules(form="share")},
    measure=measure,
)
