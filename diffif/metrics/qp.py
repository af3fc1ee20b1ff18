"""Qp over a data set."""

from __future__ import annotations

import math

from diffif.metrics.base import FusionMetric
from diffif.metrics.functional.qp import measure_qp


class Qp(FusionMetric):
    """Preservation of phase-congruency features."""

    name = "qp"
    label = "Qp"
    higher_is_better = True
    value_range = (0.0, math.inf)
    undefined = "neither source has a feature"
    citation = "Zhao, Laganiere and Liu, Int. J. Innovative Computing 3(6A), 2007"
    smallest_side = 16
    measure = staticmethod(measure_qp)
