"""CE: how far the fused image's grey levels are distributed otherwise than its sources'.

Levels that only one of the images has are left out, as published, so that it can fall below 0.
"""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import Literal

import torch
from torch import Tensor

from diffif.metrics.derived.histograms import histogram, relative_entropy
from diffif.metrics.derived.planes import Triple, mean_over_pixels
from diffif.metrics.metric import Metric, Rules

SIGMOID_MARGIN = 1e-7
"""How far the survey's code keeps its sigmoids from 0 and 1."""


@dataclass(frozen=True, kw_only=True)
class CrossEntropyRules(Rules):
    """What toolkits do otherwise in CE."""

    form: Literal["histograms", "sigmoid"] = "histograms"
    """Relative entropy of the histograms, in bits; or binary cross-entropy of sigmoids of the grey levels."""


def measure(triple: Triple, rules: CrossEntropyRules) -> Tensor:
    """(B,): relative entropy of each source's levels against the fused ones, averaged; or the sigmoid form."""
    if rules.form == "sigmoid":
        return _sigmoid_cross_entropy(triple)
    own = triple.fused.derive(histogram)
    distances = [relative_entropy(source.derive(histogram), own) for source in triple.sources]
    return (distances[0] + distances[1]) / (2 * math.log(2))


def _sigmoid_cross_entropy(triple: Triple) -> Tensor:
    """Binary cross-entropy of sigmoids of the raw levels: as good as constant, but it is what the survey prints.

    In float32 like the survey's code: the margin below 1 is then one rounding step, and shows in the result.
    """
    visible, infrared = (torch.sigmoid(source.levels) for source in triple.sources)
    target = ((infrared + visible) / 2).clamp(SIGMOID_MARGIN, 1 - SIGMOID_MARGIN)
    predicted = torch.sigmoid(triple.fused.levels).clamp(SIGMOID_MARGIN, 1 - SIGMOID_MARGIN)
    target = target.expand_as(predicted)
    return mean_over_pixels(torch.nn.functional.binary_cross_entropy(predicted, target, reduction="none"))


METRIC = Metric(
    name="ce",
    label="CE",
    summary="cross entropy between the sources and the fused image",
    higher_is_better=False,
    value_range=(-math.inf, math.inf),
    unit="bits",
    citation="Bulanon, Burks and Alchanatis, Biosystems Engineering 103(1), 2009",
    rules={
        "standard": CrossEntropyRules(),
        "vifb": CrossEntropyRules(),
        "ivif-zoo": CrossEntropyRules(form="sigmoid"),
    },
    measure=measure,
)
