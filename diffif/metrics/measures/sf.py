"""SF: how much neighbouring pixels of the fused image differ."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Literal

from torch import Tensor

from diffif.metrics.derived.planes import Triple, join_channels, mean_over_pixels, sum_over_pixels
from diffif.metrics.metric import Metric, Rules


@dataclass(frozen=True, kw_only=True)
class FrequencyRules(Rules):
    """What toolkits do otherwise in SF."""

    scale: float = 1.0
    """Factor on the grey levels; 1/255 for images in [0, 1]."""
    divisor: Literal["differences", "pixels"] = "differences"
    """What each sum of squared differences is divided by."""
    join_channels: bool = False
    """Colour: the channels side by side as one wide image, their seams included."""

    @property
    def unit(self) -> str | None:
        """None of its own where the levels are rescaled."""
        return None if self.scale == 1 else ""

    def view(self, channels: Sequence[Triple]) -> Sequence[Triple]:
        """The channels as one image where they are joined."""
        return [join_channels(channels)] if self.join_channels else channels


def measure(triple: Triple, rules: FrequencyRules) -> Tensor:
    """(B,): root of the mean squared row difference plus the mean squared column difference."""
    levels = triple.fused.levels
    rows = levels.diff(dim=-1).square_()
    columns = levels.diff(dim=-2).square_()
    if rules.divisor == "differences":
        return (mean_over_pixels(rows) + mean_over_pixels(columns)).sqrt() * rules.scale
    total = sum_over_pixels(rows) + sum_over_pixels(columns)
    return (total / (levels.shape[-2] * levels.shape[-1])).sqrt() * rules.scale


METRIC = Metric(
    name="sf",
    label="SF",
    summary="spatial frequency of the fused image",
    higher_is_better=True,
    value_range=(0.0, math.inf),
    unit="grey levels",
    citation="Eskicioglu and Fisher, IEEE Trans. Communications 43(12), 1995",
    smallest_side=2,
    rules={
        "standard": FrequencyRules(),
        "tang": FrequencyRules(),
        "tang-uint8": FrequencyRules(scale=1 / 255),
        "vifb": FrequencyRules(divisor="pixels", join_channels=True),
        "ivif-zoo": FrequencyRules(),
    },
    measure=measure,
)
