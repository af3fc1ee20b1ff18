"""VIFF over a data set."""

from __future__ import annotations

import math

from diffif.metrics.base import FusionMetric
from diffif.metrics.functional.viff import measure_viff
from diffif.metrics.pyramid import SMALLEST_SIDE


class VIFF(FusionMetric):
    """Visual information fidelity for fusion."""

    name = "viff"
    label = "VIFF"
    higher_is_better = True
    value_range = (0.0, math.inf)
    undefined = "never"
    citation = "Han, Cai, Cao and Xu, Information Fusion 14(2), 2013"
    smallest_side = SMALLEST_SIDE
    measure = staticmethod(measure_viff)
