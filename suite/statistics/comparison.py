"""Intervals and paired tests; plain arrays in, plain numbers out.

Comparisons are paired by image: the same images were seen by every method, so the differences are tested, not the
two samples. A rank counts only the methods that are significantly better.
"""

from __future__ import annotations

import warnings
from collections.abc import Sequence
from dataclasses import dataclass, replace

import numpy as np
import numpy.typing as npt

Array = npt.NDArray[np.float64]

SIGNIFICANCE = 0.05
BOOTSTRAP_SAMPLES = 2000
SMALLEST_SAMPLE = 6
"""Below six pairs a two-sided Wilcoxon test cannot reach p < 0.05, whatever the data: it is not run."""


@dataclass(frozen=True)
class PairwiseTests:
    """Paired two-sided tests between all methods on the same images."""

    methods: tuple[str, ...]
    p: Array
    """(M, M), Holm-corrected over all pairs; 1 on the diagonal, nan where no test was possible."""
    raw: Array
    """(M, M), the same before correction."""
    sign: Array
    """(M, M), +1 where the row's method is the better one, -1 where the column's is, 0 where neither."""
    num_images: int
    test: str
    """Name of the test, for the caption."""

    def better(self, first: str, second: str) -> bool:
        """Whether `first` is significantly better than `second`."""
        i, j = self.methods.index(first), self.methods.index(second)
        return bool(self.p[i, j] < SIGNIFICANCE and self.sign[i, j] > 0)

    def p_value(self, first: str, second: str) -> float:
        """Corrected p of one pair; nan where it was not tested."""
        return float(self.p[self.methods.index(first), self.methods.index(second)])

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


def paired_wilcoxon(scores: Array, methods: Sequence[str], *, higher: bool = True) -> PairwiseTests:
    """Wilcoxon signed-rank tests between all columns, Holm-corrected.

    Args:
        scores: (N, M), one row per image, one column per method, all finite.
        methods: The M names.
        higher: Whether higher scores are better.

    Source: Wilcoxon, Biometrics Bulletin 1(6), 1945; multiple comparison as in Demsar, JMLR 7, 2006.
    """
    from scipy.stats import wilcoxon

    count = len(methods)
    pairs = [(i, j) for i in range(count) for j in range(i + 1, count)]
    raw = []
    for i, j in pairs:
        difference = scores[:, i] - scores[:, j]
        if len(difference) < SMALLEST_SAMPLE:
            raw.append(np.nan)
        elif not np.any(difference):
            raw.append(1.0)
        else:
            with warnings.catch_warnings():
                warnings.simplefilter("ignore")  # few or tied pairs: scipy falls back to the normal form and says so
                raw.append(float(wilcoxon(difference).pvalue))
    return _tests(methods, pairs, raw, _signs(scores, higher), len(scores), "paired Wilcoxon, Holm")


def paired_bootstrap(
    replicates: Array, methods: Sequence[str], *, higher: bool = True, num_images: int
) -> PairwiseTests:
    """Two-sided tests from bootstrap replicates that used the same resampled images for every method.

    For scores such as mAP that exist only for a whole test set. p is twice the smaller share of replicates on either
    side of no difference, at least 2 / (B + 1).

    Args:
        replicates: (B, M), replicate b of every column drawn from the same images.
        methods: The M names.
        higher: Whether higher scores are better.
        num_images: Images behind each replicate.

    Source: Efron and Tibshirani, An Introduction to the Bootstrap, 1993, chapter 16.
    """
    count = len(methods)
    pairs = [(i, j) for i in range(count) for j in range(i + 1, count)]
    raw = []
    for i, j in pairs:
        difference = replicates[:, i] - replicates[:, j]
        below, above = np.sum(difference <= 0), np.sum(difference >= 0)
        raw.append(min(1.0, 2 * (min(below, above) + 1) / (len(difference) + 1)))
    return _tests(methods, pairs, raw, _signs(replicates, higher), num_images, "paired bootstrap, Holm")


def bootstrap_interval(values: Array, *, level: float = 0.95, seed: int = 0) -> tuple[float, float]:
    """Percentile bootstrap interval of the mean; (nan, nan) below two values."""
    finite = np.asarray(values, dtype=float)
    finite = finite[np.isfinite(finite)]
    if len(finite) < 2:
        return float("nan"), float("nan")
    generator = np.random.default_rng(seed)
    draws = generator.integers(0, len(finite), size=(BOOTSTRAP_SAMPLES, len(finite)))
    means = finite[draws].mean(axis=1)
    low, high = np.quantile(means, [(1 - level) / 2, (1 + level) / 2])
    return float(low), float(high)


def ranks(scores: Array, *, higher: bool = True) -> Array:
    """(N, M) ranks within each row, 1 is best, ties share their mean rank."""
    from scipy.stats import rankdata

    ordered: Array = rankdata(-scores if higher else scores, axis=1)
    return ordered


def friedman(rank_table: Array) -> float:
    """P of the Friedman test that all columns of an (N, M) table have one median; nan below three columns.

    Source: Friedman, Journal of the American Statistical Association 32(200), 1937.
    """
    from scipy.stats import friedmanchisquare

    if rank_table.shape[1] < 3 or rank_table.shape[0] < 3 or np.ptp(rank_table) == 0:
        return float("nan")
    return float(friedmanchisquare(*rank_table.T).pvalue)


def cliques(tests: PairwiseTests, order: Sequence[str]) -> list[tuple[str, ...]]:
    """Maximal runs of neighbours in `order` between which no pair differs significantly, longer than one."""
    runs: list[tuple[int, int]] = []
    for start in range(len(order)):
        end = start
        while end + 1 < len(order) and not any(
            tests.p_value(order[i], order[end + 1]) < SIGNIFICANCE for i in range(start, end + 1)
        ):
            end += 1
        if end > start and not any(s <= start and end <= e for s, e in runs):
            runs.append((start, end))
    return [tuple(order[s : e + 1]) for s, e in runs]


def rank_correlation(first: Sequence[float], second: Sequence[float]) -> tuple[float, float]:
    """Spearman's rho and its two-sided p; (nan, nan) below four pairs or where one side is constant."""
    from scipy.stats import spearmanr

    x, y = np.asarray(first, dtype=float), np.asarray(second, dtype=float)
    usable = np.isfinite(x) & np.isfinite(y)
    x, y = x[usable], y[usable]
    if len(x) < 4 or np.ptp(x) == 0 or np.ptp(y) == 0:
        return float("nan"), float("nan")
    found = spearmanr(x, y)
    return float(found.statistic), float(found.pvalue)


def _tests(
    methods: Sequence[str],
    pairs: Sequence[tuple[int, int]],
    raw: Sequence[float],
    sign: Array,
    num_images: int,
    test: str,
) -> PairwiseTests:
    count = len(methods)
    corrected, plain = _square(holm(raw), pairs, count), _square(np.asarray(raw, dtype=float), pairs, count)
    return PairwiseTests(tuple(methods), corrected, plain, sign, num_images, test)


def _square(values: Array, pairs: Sequence[tuple[int, int]], count: int) -> Array:
    square = np.ones((count, count))
    for value, (i, j) in zip(values, pairs, strict=True):
        square[i, j] = square[j, i] = value
    return square


def _signs(scores: Array, higher: bool) -> Array:
    """Which of two columns is better: by the sum of signed ranks of their differences, which is what Wilcoxon tests."""
    from scipy.stats import rankdata

    count = scores.shape[1]
    sign = np.zeros((count, count))
    for i in range(count):
        for j in range(i + 1, count):
            difference = scores[:, i] - scores[:, j]
            weight = float(np.sum(np.sign(difference) * rankdata(np.abs(difference))))
            sign[i, j] = np.sign(weight if higher else -weight)
            sign[j, i] = -sign[i, j]
    return sign
