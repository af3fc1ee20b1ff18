"""MI: information that the fused image shares with its sources."""

from __future__ import annotations

import math
from dataclasses import dataclass

import torch
from torch import Tensor

from diffif.metrics.derived.histograms import entropy, histogram, joint_histogram, mutual_information
from diffif.metrics.derived.planes import Plane, Triple, stretched_or_black
from diffif.metrics.metric import Metric, Rules


@dataclass(frozen=True, kw_only=True)
class MutualInformationRules(Rules):
    """What toolkits do otherwise in MI."""

    log_base: float = math.e
    """Unit of information: e gives nats, 2 gives bits."""
    stretch: bool = False
    """Stretch every image to its own minimum and maximum, in 256 rounded levels, first."""
    saturate: bool = False
    """8-bit MATLAB arithmetic in the joint histogram: level + 1 saturates, so that 254 and 255 share a bin."""

    @property
    def unit(self) -> str | None:
        """Of information, by the base of the logarithm."""
        return {2.0: "bits", math.e: "nats"}.get(self.log_base)


def measure(triple: Triple, rules: MutualInformationRules) -> Tensor:
    """(B,): the fused image's mutual information with each source, summed."""
    shared = [_shared(triple, source, rules) for source in triple.sources]
    return (shared[0] + shared[1]) / math.log(rules.log_base)


def _shared(triple: Triple, source: Plane, rules: MutualInformationRules) -> Tensor:
    """(B,): mutual information of the fused image and one source, in nats."""
    fused = triple.fused
    if rules.stretch:
        fused, source = fused.derive(stretched_or_black), source.derive(stretched_or_black)
    joint = triple.between(joint_histogram, fused, source)
    if not rules.saturate:
        return mutual_information(joint)
    # Only the joint histogram saturates in the published code; the entropies of the images use all 256 levels.
    return entropy(fused.derive(histogram)) + entropy(source.derive(histogram)) - entropy(_merge_brightest(joint))


def _merge_brightest(joint: Tensor) -> Tensor:
    """Put levels 254 and 255 into one bin along both axes."""
    joint = torch.cat((joint[:, :-2], joint[:, -2:].sum(dim=1, keepdim=True)), dim=1)
    return torch.cat((joint[:, :, :-2], joint[:, :, -2:].sum(dim=2, keepdim=True)), dim=2)


METRIC = Metric(
    name="mi",
    label="MI",
    summary="mutual information with both sources",
    higher_is_better=True,
    value_range=(0.0, math.inf),
    unit="nats",
    citation="Qu, Zhang and Yan, Electronics Letters 38(7), 2002",
    rules={
        "standard": MutualInformationRules(),
        "tang": MutualInformationRules(log_base=2.0, saturate=True),
        "vifb": MutualInformationRules(stretch=True),
        "vf-bench": MutualInformationRules(),
        "ivif-zoo": MutualInformationRules(log_base=2.0),
    },
    measure=measure,
)
