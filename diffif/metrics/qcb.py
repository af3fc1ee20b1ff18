"""Qcb over a data set."""

from __future__ import annotations

from diffif.metrics.base import FusionMetric
from diffif.metrics.functional.qcb import measure_qcb


class Qcb(FusionMetric):
    """Preservation of perceived contrast."""

    name = "qcb"
    label = "Qcb"
    higher_is_better = True
    value_range = (0.0, 1.0)
    undefined = "an image is constant"
    citation = "Chen and Blum, Image and Vision Computing 27(10), 2009"
    smallest_side = 1
    measure = staticmethod(measure_qcb)
