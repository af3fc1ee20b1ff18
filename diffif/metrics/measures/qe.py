"""Qe of Piella and Heijmans: Qw of the images times Qw of their edge images."""

from __future__ import annotations

from torch import Tensor

from diffif.metrics.derived.edges import sobel_strength
from diffif.metrics.derived.planes import Triple
from diffif.metrics.derived.quality_index import weighted_quality
from diffif.metrics.metric import Metric, Rules, one_definition

EDGE_POWER = 1.0
"""alpha of Qe = Qw(images) * Qw(edge images)^alpha."""


def measure(triple: Triple, rules: Rules) -> Tensor:
    """(B,): Qw of the images times Qw of their edge images."""
    images = weighted_quality(*(plane.levels for plane in triple.planes))
    edges = weighted_quality(*(plane.derive(sobel_strength, "replicate") for plane in triple.planes))
    return images * edges**EDGE_POWER


METRIC = Metric(
    name="qe",
    label="Qe",
    summary="edge-dependent fusion quality index",
    higher_is_better=True,
    value_range=(-1.0, 1.0),
    undefined="both sources, or both their edge images, are constant",
    citation="Piella and Heijmans, IEEE Int. Conf. Image Processing, 2003",
    smallest_side=8,
    rules=one_definition("standard"),
    measure=measure,
)
