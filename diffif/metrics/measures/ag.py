"""AG: the mean gradient of the fused image."""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import Literal

from torch import Tensor

from diffif.metrics.derived.edges import differences
from diffif.metrics.derived.planes import Triple, mean_over_pixels
from diffif.metrics.metric import Metric, Rules


@dataclass(frozen=True, kw_only=True)
class GradientRules(Rules):
    """What toolkits do otherwise in AG."""

    divisor: Literal["pixels", "intervals"] = "pixels"
    """H W, or (H - 1)(W - 1)."""


def measure(triple: Triple, rules: GradientRules) -> Tensor:
    """(B,): mean of sqrt((gx^2 + gy^2) / 2) with central differences, one-sided at the border."""
    along_rows, along_columns = triple.fused.derive(differences)
    mean = mean_over_pixels(along_rows.square().addcmul_(along_columns, along_columns).div_(2).sqrt_())
    if rules.divisor == "pixels":
        return mean
    height, width = along_rows.shape[-2:]
    return mean * (height * width / ((height - 1) * (width - 1)))


METRIC = Metric(
    name="ag",
    label="AG",
    summary="average gradient of the fused image",
    higher_is_better=True,
    value_range=(0.0, math.inf),
    unit="grey levels per pixel",
    citation="Cui et al., Optics Communications 341, 2015",
    smallest_side=2,
    rules={
        "standard": GradientRules(),
        "tang": GradientRules(divisor="intervals"),
        "vifb": GradientRules(divisor="intervals"),
        "ivif-zoo": GradientRules(),
    },
    measure=measure,
)
