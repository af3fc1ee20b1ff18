"""CC: linear correlation of the fused image with its sources."""

from __future__ import annotations

from torch import Tensor

from diffif.metrics.derived.moments import correlation, per_image, scaled_covariance, scaled_variance
from diffif.metrics.derived.planes import Triple
from diffif.metrics.metric import Metric, Rules, one_definition


def measure(triple: Triple, rules: Rules) -> Tensor:
    """(B,): mean of the correlations with the two sources."""
    fused = triple.fused
    own = scaled_variance(fused, fused)
    correlations = [
        [
            correlation(*scaled)
            for scaled in zip(fused.derive(scaled_covariance, source), own, scaled_variance(source, fused), strict=True)
        ]
        for source in triple.sources
    ]
    return (per_image(correlations[0], fused) + per_image(correlations[1], fused)) / 2


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
