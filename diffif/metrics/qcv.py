"""Qcv over a data set."""

from __future__ import annotations

import math

from diffif.metrics.base import FusionMetric
from diffif.metrics.functional.qcv import measure_qcv


class Qcv(FusionMetric):
    """Perceived regional difference from the sources."""

    name = "qcv"
    label = "Qcv"
    higher_is_better = False
    value_range = (0.0, math.inf)
    undefined = "an image is constant"
    citation = "Chen and Varshney, Information Fusion 8(2), 2007"
    smallest_side = 3
    measure = staticmethod(measure_qcv)
