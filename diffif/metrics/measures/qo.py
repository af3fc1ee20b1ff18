"""Qo (also Qs) of Piella and Heijmans: local quality of the fused image, each window counting the same."""

from __future__ import annotations

from torch import Tensor

from diffif.metrics.derived.planes import Triple
from diffif.metrics.derived.quality_index import local_quality
from diffif.metrics.metric import Metric, Rules, one_definition


def measure(triple: Triple, rules: Rules) -> Tensor:
    """(B,): local quality, each window counting the same."""
    quality, _ = local_quality(*(plane.levels for plane in triple.planes))
    return quality.mean(dim=(-2, -1))


METRIC = Metric(
    name="qo",
    label="Qo",
    summary="fusion quality index",
    higher_is_better=True,
    value_range=(-1.0, 1.0),
    citation="Piella and Heijmans, IEEE Int. Conf. Image Processing, 2003",
    smallest_side=8,
    rules=one_definition("standard"),
    measure=measure,
)
