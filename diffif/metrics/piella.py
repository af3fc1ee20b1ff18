"""Qo, Qw and Qe over a data set."""

from __future__ import annotations

from diffif.metrics.base import FusionMetric
from diffif.metrics.functional.piella import measure_qe, measure_qo, measure_qw


class Qo(FusionMetric):
    """Fusion quality index."""

    name = "qo"
    label = "Qo"
    higher_is_better = True
    value_range = (-1.0, 1.0)
    undefined = "never"
    citation = "Piella and Heijmans, IEEE Int. Conf. Image Processing, 2003"
    smallest_side = 8
    measure = staticmethod(measure_qo)


class Qw(FusionMetric):
    """Weighted fusion quality index."""

    name = "qw"
    label = "Qw"
    higher_is_better = True
    value_range = (-1.0, 1.0)
    undefined = "both sources are constant"
    citation = "Piella and Heijmans, IEEE Int. Conf. Image Processing, 2003"
    smallest_side = 8
    measure = staticmethod(measure_qw)


class Qe(FusionMetric):
    """Edge-dependent fusion quality index."""

    name = "qe"
    label = "Qe"
    higher_is_better = True
    value_range = (-1.0, 1.0)
    undefined = "both sources, or both their edge images, are constant"
    citation = "Piella and Heijmans, IEEE Int. Conf. Image Processing, 2003"
    smallest_side = 8
    measure = staticmethod(measure_qe)
