"""RMSE: difference between the fused image and its sources, in grey levels."""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import Literal

from torch import Tensor

from diffif.metrics.derived.moments import mean_square_difference, norm_per_pixel
from diffif.metrics.derived.planes import Triple
from diffif.metrics.metric import Metric, Rules


@dataclass(frozen=True, kw_only=True)
class RootErrorRules(Rules):
    """What toolkits do otherwise in RMSE."""

    form: Literal["root of mean", "norm per pixel"] = "root of mean"
    """The root of MSE; or sqrt(sum of squares of differences of [0, 255] levels) / (H W), averaged over sources."""


def measure(triple: Triple, rules: RootErrorRules) -> Tensor:
    """(B,): root of the mean squared error, or VIFB's norm per pixel."""
    if rules.form == "norm per pixel":
        return norm_per_pixel(triple)
    errors = [mean_square_difference(triple.fused, source) for source in triple.sources]
    return ((errors[0] + errors[1]) / 2).sqrt()


METRIC = Metric(
    name="rmse",
    label="RMSE",
    summary="root mean squared error against both sources",
    higher_is_better=False,
    value_range=(0.0, math.inf),
    unit="grey levels",
    citation="Jagalingam and Hegde, Aquatic Procedia 4, 2015",
    rules={
        "standard": RootErrorRules(),
        "vifb": RootErrorRules(form="norm per pixel"),
    },
    measure=measure,
)
