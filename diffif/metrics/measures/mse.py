"""MSE: squared difference between the fused image and its sources."""

from __future__ import annotations

import math
from dataclasses import dataclass

from torch import Tensor

from diffif.metrics.derived.moments import mean_square_difference
from diffif.metrics.derived.planes import Triple
from diffif.metrics.metric import Metric, Rules


@dataclass(frozen=True, kw_only=True)
class SquaredErrorRules(Rules):
    """What toolkits do otherwise in MSE."""

    scale: float = 1.0
    """Factor on the grey levels; 1/255 for images in [0, 1]."""

    @property
    def unit(self) -> str | None:
        """None of its own where the levels are rescaled."""
        return None if self.scale == 1 else ""


def measure(triple: Triple, rules: SquaredErrorRules) -> Tensor:
    """(B,): mean of the two mean squared differences."""
    errors = [mean_square_difference(triple.fused, source) for source in triple.sources]
    return (errors[0] + errors[1]) / 2 * rules.scale**2


METRIC = Metric(
    name="mse",
    label="MSE",
    summary="mean squared error against both sources",
    higher_is_better=False,
    value_range=(0.0, math.inf),
    unit="squared grey levels",
    citation="Jagalingam and Hegde, Aquatic Procedia 4, 2015",
    rules={
        "standard": SquaredErrorRules(),
        "tang": SquaredErrorRules(scale=1 / 255),
        "ivif-zoo": SquaredErrorRules(scale=1 / 255),
    },
    measure=measure,
)
