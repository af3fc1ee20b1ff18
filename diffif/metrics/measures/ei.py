"""EI: the mean edge strength of the fused image."""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import Literal

from torch import Tensor

from diffif.metrics.derived.edges import sobel_strength
from diffif.metrics.derived.planes import Triple, mean_over_pixels
from diffif.metrics.metric import Metric, Rules


@dataclass(frozen=True, kw_only=True)
class IntensityRules(Rules):
    """What toolkits do otherwise in EI."""

    border: Literal["replicate", "zero"] = "replicate"
    """What lies beyond the image."""


def measure(triple: Triple, rules: IntensityRules) -> Tensor:
    """(B,): mean Sobel strength of the fused image."""
    return mean_over_pixels(triple.fused.derive(sobel_strength, rules.border))


METRIC = Metric(
    name="ei",
    label="EI",
    summary="edge intensity of the fused image",
    higher_is_better=True,
    value_range=(0.0, math.inf),
    unit="Sobel units of grey levels",
    citation="Rajalingam and Priya, Int. J. Engineering Science Invention, 2018",
    smallest_side=3,
    rules={
        "standard": IntensityRules(),
        "vifb": IntensityRules(),
        "ivif-zoo": IntensityRules(border="zero"),
    },
    measure=measure,
)
