"""CC over a data set."""

from __future__ import annotations

from diffif.metrics.base import FusionMetric
from diffif.metrics.functional.cc import measure_cc


class CC(FusionMetric):
    """Correlation coefficient with both sources."""

    name = "cc"
    label = "CC"
    higher_is_better = True
    value_range = (-1.0, 1.0)
    undefined = "any of the three images is constant"
    citation = "Deshmukh and Bhosale, Int. J. Image Processing 4(5), 2010"
    smallest_side = 1
    measure = staticmethod(measure_cc)
