"""Is the best really better? Paired tests over the same images, corrected for how many are made at once."""

from __future__ import annotations

import math
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from suite.errors import SettingsError

FEWEST_PAIRS = 6
"""Below, no two-sided signed-rank test can reach 5 %: the smallest possible p of 5 pairs is 2 / 2**5 = 0.0625."""


@dataclass(frozen=True, kw_only=True)
class Comparison:
    """One method against the best one."""

    name: str
    mean: float
    p: float
    """Holm-corrected p of the two-sided Wilcoxon signed-rank test; nan for the best itself and for too few images."""
    num_pairs: int
    """Images on which both are defined."""


def compare_with_best(
    values: dict[str, NDArray[np.float64]], *, higher_is_better: bool
) -> tuple[str, list[Comparison]]:
    """Compare every method with the one of best mean.

    Args:
        values: Method -> per-image values, (N,), in one order of images; nan where undefined.
        higher_is_better: The metric's direction.

    Returns:
        The best method's name and one comparison per method, in the order given.

    Raises:
        SettingsError: no method, or unequal numbers of images.
    """
    if not values or len({len(v) for v in values.values()}) != 1:
        raise SettingsError("paired tests need at least one method, and the same images for all")
    # Over the images on which every method is defined, so that all means are of the same images. A method that is
    # defined nowhere (SCD of an unfused source) must not take the others with it.
    known = {name: v for name, v in values.items() if np.isfinite(v).any()}
    defined = np.all([np.isfinite(v) for v in (known or values).values()], axis=0)
    means = {
        name: float(v[defined].mean()) if name in known and defined.any() else math.nan for name, v in values.items()
    }
    best = (max if higher_is_better else min)(known or values, key=means.__getitem__)
    raw = {name: _signed_rank_p(v[defined], values[best][defined]) for name, v in values.items() if name != best}
    corrected = dict(zip(raw, holm(list(raw.values())), strict=True))
    pairs = int(defined.sum())
    return best, [
        Comparison(name=name, mean=means[name], p=corrected.get(name, math.nan), num_pairs=pairs) for name in values
    ]


def holm(p_values: list[float]) -> list[float]:
    """Holm's step-down correction (Scandinavian Journal of Statistics 6, 1979); nan stays nan and is not counted.

    >>> [round(p, 3) for p in holm([0.01, 0.04, 0.03])]
    [0.03, 0.06, 0.06]
    """
    order = [index for index in np.argsort(p_values, kind="stable").tolist() if not math.isnan(p_values[index])]
    corrected = [math.nan] * len(p_values)
    highest = 0.0
    for rank, index in enumerate(order):
        highest = max(highest, min(1.0, (len(order) - rank) * p_values[index]))
        corrected[index] = highest
    return corrected


def _signed_rank_p(first: NDArray[np.float64], second: NDArray[np.float64]) -> float:
    from scipy.stats import wilcoxon

    if len(first) < FEWEST_PAIRS or np.isnan(first).any() or np.isnan(second).any():
        return math.nan
    if np.array_equal(first, second):
        return 1.0
    return float(wilcoxon(first, second).pvalue)
