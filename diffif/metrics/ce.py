"""CE over a data set."""

from __future__ import annotations

import math

from diffif.metrics.base import FusionMetric
from diffif.metrics.functional.ce import measure_ce


class CE(FusionMetric):
    """Cross entropy between the sources and the fused image."""

    name = "ce"
    label = "CE"
    higher_is_better = False
    value_range = (-math.inf, math.inf)
    unit = "bits"
    undefined = "never"
    citation = "Bulanon, Burks and Alchanatis, Biosystems Engineering 103(1), 2009"
    smallest_side = 1
    measure = staticmethod(measure_ce)
