"""SCD: whether what fusion added to one source is the other source."""

from __future__ import annotations

from torch import Tensor

from diffif.metrics.derived.moments import correlation, per_image, scaled_covariance, scaled_variance
from diffif.metrics.derived.planes import Triple
from diffif.metrics.metric import Metric, Rules, one_definition


def measure(triple: Triple, rules: Rules) -> Tensor:
    """(B,): r(visible, fused - infrared) + r(infrared, fused - visible)."""
    fused, visible, infrared = triple.planes
    own = scaled_variance(fused, fused)
    variances = [scaled_variance(source, fused) for source in triple.sources]
    shared = [fused.derive(scaled_covariance, source) for source in triple.sources]
    between = visible.derive(scaled_covariance, infrared) * (len(own) if visible.levels.shape[0] == 1 else 1)
    values = [
        _added(f, fv, fi, v, i, vi) + _added(f, fi, fv, i, v, vi)
        for f, fv, fi, v, i, vi in zip(own, *shared, *variances, between, strict=True)
    ]
    return per_image(values, fused)


def _added(fused: int, with_expected: int, with_removed: int, expected: int, removed: int, between: int) -> float:
    """Correlation of what is left of the fused image without one source, with the other source.

    Of the variances and covariances: cov(e, f - r) = cov(e, f) - cov(e, r), var(f - r) = var f + var r - 2 cov(f, r).
    """
    return correlation(with_expected - between, expected, fused + removed - 2 * with_removed)


METRIC = Metric(
    name="scd",
    label="SCD",
    summary="sum of the correlations of differences",
    higher_is_better=True,
    value_range=(-2.0, 2.0),
    undefined="a source, or its difference from the fused image, is constant",
    citation="Aslantas and Bendes, AEU Int. J. Electronics and Communications 69(12), 2015",
    rules=one_definition("standard", "tang", "ivif-zoo"),
    measure=measure,
)
