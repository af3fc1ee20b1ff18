"""EI over a data set."""

from __future__ import annotations

import math

from diffif.metrics.base import FusionMetric
from diffif.metrics.functional.ei import measure_ei


class EI(FusionMetric):
    """Edge intensity of the fused image."""

    name = "ei"
    label = "EI"
    higher_is_better = True
    value_range = (0.0, math.inf)
    unit = "Sobel units of grey levels"
    undefined = "never"
    citation = "Rajalingam and Priya, Int. J. Engineering Science Invention, 2018"
    smallest_side = 3
    measure = staticmethod(measure_ei)
