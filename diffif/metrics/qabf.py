"""Qabf over a data set."""

from __future__ import annotations

from diffif.metrics.base import FusionMetric
from diffif.metrics.functional.qabf import measure_qabf


class Qabf(FusionMetric):
    """Edge information carried from both sources into the fused image."""

    name = "qabf"
    label = "Qabf"
    higher_is_better = True
    value_range = (0.0, 1.0)
    undefined = "neither source has an edge (both are black)"
    citation = "Xydeas and Petrovic, Electronics Letters 36(4), 2000"
    smallest_side = 3
    measure = staticmethod(measure_qabf)
