"""Is one method better than another? Tests between all methods of a table, corrected for how many are made at once.

Two things may have made the difference: the images, and the luck of a training. Methods without a training are compared
on the same images. Where a training stands behind a score, the test counts the spread over trainings too, as a random
effect; with one training it is not made at all, since luck then cannot be told from merit.
`benchmarks/calibration.py` shows how often each test finds a difference that is not there.
"""

from __future__ import annotations

import math
import warnings
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace

import numpy as np

from suite.statistics.intervals import Array, combine_errors
from suite.statistics.scored import Scored, image_difference_error

SIGNIFICANCE = 0.05
FEWEST_IMAGES = 6
"""Below, no two-sided signed-rank test can reach 5 %: the smallest possible p of 5 pairs is 2 / 2**5 = 0.0625."""
WILCOXON = "paired Wilcoxon over images"
BOOTSTRAP = "paired bootstrap over images"
TWO_LEVEL = "t test over trainings and images"
ONE_TRAINING = "one training cannot tell a method from its luck"
TOO_FEW_IMAGES = f"fewer than {FEWEST_IMAGES} images"
NOT_PAIRED = "the records hold no scores of the same images"
UNDEFINED = "a score is undefined"


@dataclass(frozen=True)
class PairwiseTests:
    """Two-sided tests between all methods."""

    methods: tuple[str, ...]
    p: Array
    """(M, M), Holm-corrected over all pairs; 1 on the diagonal, nan where no test was possible."""
    raw: Array
    """(M, M), the same before correction."""
    sign: Array
    """(M, M), +1 where the row's method is the better one, -1 where the column's is, 0 where neither."""
    num_images: int
    test: str
    """Names of the tests that were made; empty where none was."""
    reasons: Mapping[tuple[str, str], str] = field(default_factory=dict)
    """Why a pair was not tested."""

    def better(self, first: str, second: str) -> bool:
        """Whether `first` is significantly better than `second`."""
        i, j = self.methods.index(first), self.methods.index(second)
        return bool(self.p[i, j] < SIGNIFICANCE and self.sign[i, j] > 0)

    def p_value(self, first: str, second: str) -> float:
        """Corrected p of one pair; nan where it was not tested."""
        return float(self.p[self.methods.index(first), self.methods.index(second)])

    def raw_p(self, first: str, second: str) -> float:
        """P of one pair before correction; nan where it was not tested."""
        return float(self.raw[self.methods.index(first), self.methods.index(second)])

    def sign_of(self, first: str, second: str) -> int:
        """+1 where `first` is the better one by what the test tests, -1 where `second` is, 0 where neither."""
        return int(self.sign[self.methods.index(first), self.methods.index(second)])

    def tested(self, first: str, second: str) -> bool:
        """Whether both are known and a test between them was possible."""
        return {first, second} <= set(self.methods) and math.isfinite(self.p_value(first, second))

    def reason(self, first: str, second: str) -> str:
        """Why a pair was not tested; empty where it was."""
        return self.reasons.get((first, second), self.reasons.get((second, first), ""))

    def against(self, reference: str) -> PairwiseTests:
        """The tests of every other method against one, corrected for those alone."""
        i = self.methods.index(reference)
        others = [j for j in range(len(self.methods)) if j != i]
        p = np.full_like(self.p, np.nan)
        p[i, others] = holm(self.raw[i, others].tolist())
        p[others, i] = p[i, others]
        return replace(self, p=p)

    def rank(self, method: str) -> int:
        """One more than the number of methods that are significantly better: equal ranks mean no proven difference."""
        return 1 + sum(self.better(other, method) for other in self.methods if other != method)

    @property
    def any_tested(self) -> bool:
        """Whether at least one pair was tested."""
        return bool(np.isfinite(self.raw[np.triu_indices(len(self.methods), 1)]).any())


def holm(p: Sequence[float]) -> Array:
    """Holm's step-down correction; nan entries are no tests and stay nan.

    >>> holm([0.01, 0.04, 0.03]).tolist()
    [0.03, 0.06, 0.06]

    Source: Holm, Scandinavian Journal of Statistics 6(2), 1979.
    """
    values = np.asarray(p, dtype=float)
    corrected = np.full_like(values, np.nan)
    tested = np.flatnonzero(np.isfinite(values))
    order = tested[np.argsort(values[tested], kind="stable")]
    factors = np.arange(len(order), 0, -1)
    corrected[order] = np.minimum(1.0, np.maximum.accumulate(values[order] * factors))
    return corrected


def compare_methods(scores: Mapping[str, Scored], *, higher: bool, shared_trainings: bool = False) -> PairwiseTests:
    """Tests between all methods, Holm-corrected over all pairs.

    Args:
        scores: By method.
        higher: Whether higher is better of what is compared, see `Scored.judged`.
        shared_trainings: Whether the methods were scored by the same trained networks (a frozen protocol), so that
            their trainings are paired by seed.

    Sources: Wilcoxon, Biometrics Bulletin 1(6), 1945; Efron and Tibshirani, An Introduction to the Bootstrap, 1993;
    multiple comparison as in Demsar, JMLR 7, 2006.
    """
    methods = tuple(scores)
    count = len(methods)
    raw, sign = np.ones((count, count)), np.zeros((count, count))
    used: dict[str, None] = {}
    reasons: dict[tuple[str, str], str] = {}
    for i in range(count):
        for j in range(i + 1, count):
            p, direction, said = _pair(scores[methods[i]].judged, scores[methods[j]].judged, shared_trainings)
            raw[i, j] = raw[j, i] = p
            sign[i, j] = direction if higher else -direction
            sign[j, i] = -sign[i, j]
            if math.isfinite(p):
                used[said] = None
            else:
                reasons[methods[i], methods[j]] = said
    p_values = np.ones((count, count))
    above = np.triu_indices(count, 1)
    p_values[above] = holm(raw[above].tolist())
    p_values.T[above] = p_values[above]
    images = max((s.num_images for s in scores.values()), default=0)
    return PairwiseTests(methods, p_values, raw, sign, images, " or ".join(used) + (", Holm" if used else ""), reasons)


def _pair(first: Scored, second: Scored, shared: bool) -> tuple[float, float, str]:
    """P, the sign of the difference, and the test's name or why there is none."""
    difference = first.value - second.value
    if not math.isfinite(difference):
        return math.nan, 0.0, UNDEFINED
    if any(one.trained and len(one.known) < 2 for one in (first, second)):
        return math.nan, float(np.sign(difference)), ONE_TRAINING
    if not (first.trained or second.trained):
        pairs = first.shared_images(second)
        if pairs is not None:
            return _signed_rank(pairs[0].mean(axis=0) - pairs[1].mean(axis=0))
    error, images = image_difference_error(first, second)
    if not math.isfinite(error):
        return math.nan, float(np.sign(difference)), NOT_PAIRED
    if images < FEWEST_IMAGES:
        return math.nan, float(np.sign(difference)), TOO_FEW_IMAGES
    parts = [(error, images - 1.0), *_training_errors(first, second, shared)]
    name = TWO_LEVEL if len(parts) > 1 else BOOTSTRAP
    return _t_test(difference, parts), float(np.sign(difference)), name


def _signed_rank(difference: Array) -> tuple[float, float, str]:
    from scipy.stats import rankdata, wilcoxon

    if len(difference) < FEWEST_IMAGES:
        return math.nan, float(np.sign(difference.sum())), TOO_FEW_IMAGES
    if not np.any(difference):
        return 1.0, 0.0, WILCOXON
    # The better of the two by what the test tests: the sum of signed ranks.
    sign = float(np.sign(np.sum(np.sign(difference) * rankdata(np.abs(difference)))))
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # few or tied pairs: scipy falls back to the normal form and says so
        return float(wilcoxon(difference).pvalue), sign, WILCOXON


def _training_errors(first: Scored, second: Scored, shared: bool) -> list[tuple[float, float]]:
    """(standard error, degrees of freedom) of the difference by the luck of trainings; empty where none was trained."""
    if shared and first.seeds == second.seeds and first.trained and second.trained:
        paired = (first.values - second.values)[np.isfinite(first.values - second.values)]
        return [(float(paired.std(ddof=1)) / math.sqrt(len(paired)), len(paired) - 1.0)]
    trained = [one for one in (first, second) if one.trained]
    degrees = sum(len(one.known) - 1 for one in trained)
    if not trained:
        return []
    # Pooled over the pair alone: trainings of other methods may scatter less.
    pooled = sum((len(one.known) - 1) * one.spread**2 for one in trained) / degrees
    return [(math.sqrt(pooled * sum(1 / len(one.known) for one in trained)), float(degrees))]


def _t_test(difference: float, parts: Sequence[tuple[float, float]]) -> float:
    from scipy.stats import t

    error, degrees = combine_errors(parts)
    if error == 0:
        return 1.0 if difference == 0 else math.nan
    return float(2 * t.sf(abs(difference) / error, degrees))
