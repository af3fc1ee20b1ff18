"""RMSE over a data set."""

from __future__ import annotations

import math

from diffif.metrics.base import FusionMetric
from diffif.metrics.functional.rmse import measure_rmse


class RMSE(FusionMetric):
    """Root mean squared error against both sources."""

    name = "rmse"
    label = "RMSE"
    higher_is_better = False
    value_range = (0.0, math.inf)
    unit = "grey levels"
    undefined = "never"
    citation = "Jagalingam and Hegde, Aquatic Procedia 4, 2015"
    smallest_side = 1
    measure = staticmethod(measure_rmse)
