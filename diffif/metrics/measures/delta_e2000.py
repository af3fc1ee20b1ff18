"""CIEDE2000: how far the colours of the fused image are from those of the visible one.

Only colour images have it. A grey fused image is compared with its grey as colour.
"""

from __future__ import annotations

import math

import torch
from torch import Tensor

from diffif.metrics.derived.colour_difference import ciede2000, lab
from diffif.metrics.derived.planes import MAX_LEVEL, Triple, mean_over_pixels
from diffif.metrics.metric import Metric, Rules


class ColourRules(Rules):
    """No choice; but the infrared image plays no part."""

    @property
    def symmetric(self) -> bool:
        """Only the visible image is compared."""
        return False


def measure(triple: Triple, rules: ColourRules) -> Tensor:
    """(B,): mean colour difference over the pixels."""
    fused, visible = triple.fused.levels, triple.visible.levels
    if visible.shape[1] == 1:
        return torch.full((fused.shape[0],), torch.nan, dtype=torch.float64, device=fused.device)
    fused = fused.expand(-1, 3, -1, -1)
    return mean_over_pixels(ciede2000(lab(fused / MAX_LEVEL), lab(visible / MAX_LEVEL)))


METRIC = Metric(
    name="delta_e2000",
    label="ΔE2000",
    summary="colour difference from the visible image",
    higher_is_better=False,
    value_range=(0.0, math.inf),
    undefined="the visible image is grey",
    citation="CIE 142-2001; Sharma, Wu and Dalal, Color Research and Application 30(1), 2005",
    sees="colour",
    rules={"standard": ColourRules()},
    measure=measure,
)
