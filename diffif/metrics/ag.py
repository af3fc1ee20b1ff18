"""AG over a data set."""

from __future__ import annotations

import math

from diffif.metrics.base import FusionMetric
from diffif.metrics.functional.ag import measure_ag


class AG(FusionMetric):
    """Average gradient of the fused image."""

    name = "ag"
    label = "AG"
    higher_is_better = True
    value_range = (0.0, math.inf)
    unit = "grey levels per pixel"
    undefined = "never"
    citation = "Cui et al., Optics Communications 341, 2015"
    smallest_side = 2
    measure = staticmethod(measure_ag)
