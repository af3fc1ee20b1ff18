"""Nabf over a data set."""

from __future__ import annotations

from diffif.metrics.base import FusionMetric
from diffif.metrics.functional.nabf import measure_nabf


class Nabf(FusionMetric):
    """Artefacts that fusion added."""

    name = "nabf"
    label = "Nabf"
    higher_is_better = False
    value_range = (0.0, 1.0)
    undefined = "no weight is left (ivif-zoo: no strong edge in either source)"
    citation = "Shreyamsha Kumar, Signal, Image and Video Processing 7(6), 2013"
    smallest_side = 3
    measure = staticmethod(measure_nabf)
