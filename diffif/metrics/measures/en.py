"""EN: how much information the grey levels of the fused image hold."""

from __future__ import annotations

import math

from torch import Tensor

from diffif.metrics.derived.histograms import entropy, histogram
from diffif.metrics.derived.planes import Triple
from diffif.metrics.metric import Metric, Rules, one_definition


def measure(triple: Triple, rules: Rules) -> Tensor:
    """(B,): entropy of the fused image in bits."""
    return entropy(triple.fused.derive(histogram)) / math.log(2)


METRIC = Metric(
    name="en",
    label="EN",
    summary="entropy of the fused image",
    higher_is_better=True,
    value_range=(0.0, 8.0),
    unit="bits",
    citation="Roberts, van Aardt and Ahmed, J. Applied Remote Sensing 2(1), 2008",
    rules=one_definition("standard", "tang", "vifb", "ivif-zoo"),
    measure=measure,
)
