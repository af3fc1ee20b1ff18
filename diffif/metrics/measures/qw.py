"""Qw of Piella and Heijmans: local quality weighted by the greater variance of the two sources."""

from __future__ import annotations

from torch import Tensor

from diffif.metrics.derived.planes import Triple
from diffif.metrics.derived.quality_index import weighted_quality
from diffif.metrics.metric import Metric, Rules, one_definition


def measure(triple: Triple, rules: Rules) -> Tensor:
    """(B,): local quality weighted by the greater variance of the two sources."""
    return weighted_quality(*(plane.levels for plane in triple.planes))


METRIC = Metric(
    name="qw",
    label="Qw",
    summary="weighted fusion quality index",
    higher_is_better=True,
    value_range=(-1.0, 1.0),
    undefined="both sources are constant",
    citation="Piella and Heijmans, IEEE Int. Conf. Image Processing, 2003",
    smallest_side=8,
    rules=one_definition("standard"),
    measure=measure,
)
