"""MSE over a data set."""

from __future__ import annotations

import math

from diffif.metrics.base import FusionMetric
from diffif.metrics.functional.mse import measure_mse


class MSE(FusionMetric):
    """Mean squared error against both sources."""

    name = "mse"
    label = "MSE"
    higher_is_better = False
    value_range = (0.0, math.inf)
    unit = "squared grey levels"
    undefined = "never"
    citation = "Jagalingam and Hegde, Aquatic Procedia 4, 2015"
    smallest_side = 1
    measure = staticmethod(measure_mse)
