"""MI over a data set."""

from __future__ import annotations

import math

from diffif.metrics.base import FusionMetric
from diffif.metrics.functional.mi import measure_mi


class MI(FusionMetric):
    """Mutual information with both sources."""

    name = "mi"
    label = "MI"
    higher_is_better = True
    value_range = (0.0, math.inf)
    unit = "nats or bits"
    undefined = "never"
    citation = "Qu, Zhang and Yan, Electronics Letters 38(7), 2002"
    smallest_side = 1
    measure = staticmethod(measure_mi)
