"""SCD over a data set."""

from __future__ import annotations

from diffif.metrics.base import FusionMetric
from diffif.metrics.functional.scd import measure_scd


class SCD(FusionMetric):
    """Sum of the correlations of differences."""

    name = "scd"
    label = "SCD"
    higher_is_better = True
    value_range = (-2.0, 2.0)
    undefined = "a source, or its difference from the fused image, is constant"
    citation = "Aslantas and Bendes, AEU Int. J. Electronics and Communications 69(12), 2015"
    smallest_side = 1
    measure = staticmethod(measure_scd)
