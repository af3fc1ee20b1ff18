"""CC: linear correlation of the fused image with its sources."""

from __future__ import annotations

import torch
from torch import Tensor

from diffif.metrics.derived.moments import covariance
from diffif.metrics.derived.planes import Triple
from diffif.metrics.metric import Metric, Rules, one_definition


def measure(triple: Triple, rules: Rules) -> Tensor:
    """(B,): mean of the correlations with the two sources."""
    fused = triple.fused
    own = covariance(fused, fused)
    correlations = [
        covariance(fused, source) / torch.sqrt(own * covariance(source, source)) for source in triple.sources
    ]
    return (correlations[0] + correlations[1]) / 2


METRIC = Metric(
    name="cc",
    label="CC",
    summary="correlation coefficient with both sources",
    higher_is_better=True,
    value_range=(-1.0, 1.0),
    undefined="any of the three images is constant",
    citation="Deshmukh and Bhosale, Int. J. Image Processing 4(5), 2010",
    rules=one_definition("standard", "tang", "ivif-zoo"),
    measure=measure,
)
