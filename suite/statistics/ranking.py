"""Ranks over images, groups that no test tells apart, and whether one ranking goes with another."""

from __future__ import annotations

import itertools
import math
from collections.abc import Sequence
from functools import lru_cache

import numpy as np

from suite.statistics.comparison import SIGNIFICANCE, PairwiseTests
from suite.statistics.intervals import LEVEL, NO_INTERVAL, Array, Interval

EXACT_UP_TO = 8
"""Pairs up to which a rank correlation is tested against all orders (8! = 40,320)."""
FEWEST_PAIRS = 5
"""Of four pairs even a perfect correlation has p = 2 / 4! = 0.083."""


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
        return math.nan
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
    """Spearman's rho and its two-sided p; (nan, nan) below five pairs or where one side is constant.

    Up to eight pairs p counts the orders of one side that correlate at least as strongly: the usual t approximation
    gives p = 0 for a perfect correlation of five pairs, whose true p is 2 / 5! = 0.017.

    Source: Kendall and Gibbons, Rank Correlation Methods, 5th ed. 1990, chapter 4.
    """
    from scipy.stats import rankdata, spearmanr

    x, y = np.asarray(first, dtype=float), np.asarray(second, dtype=float)
    usable = np.isfinite(x) & np.isfinite(y)
    x, y = x[usable], y[usable]
    if len(x) < FEWEST_PAIRS or np.ptp(x) == 0 or np.ptp(y) == 0:
        return math.nan, math.nan
    found = spearmanr(x, y)
    rho = float(found.statistic)
    if len(x) > EXACT_UP_TO:
        return rho, float(found.pvalue)
    a, b = rankdata(x), rankdata(y)
    a, b = (a - a.mean()) / a.std(), (b - b.mean()) / b.std()
    all_rho = a[_orders(len(a))] @ b / len(a)
    # Equal orders differ in the last bit.
    return rho, float(np.mean(np.abs(all_rho) >= abs(rho) - 1e-9))


def rank_correlation_interval(rho: float, count: int) -> Interval:
    """95 % interval of Spearman's rho over fusers as a sample of fusers; nan below five, and at -1 and 1.

    On Fisher's scale, with the variance that Spearman's rho has there; with few fusers it is wide, and rightly so.

    Args:
        rho: The correlation.
        count: Pairs behind it.

    Source: Bonett and Wright, Psychometrika 65(1), 2000, equation 4.

    >>> low, high = rank_correlation_interval(0.6, 16)
    >>> (round(low, 2), round(high, 2))
    (0.1, 0.86)
    """
    from scipy.stats import norm

    if not abs(rho) < 1 or count < FEWEST_PAIRS:
        return NO_INTERVAL
    reach = float(norm.ppf((1 + LEVEL) / 2)) * math.sqrt((1 + rho**2 / 2) / (count - 3))
    centre = math.atanh(rho)
    return math.tanh(centre - reach), math.tanh(centre + reach)


@lru_cache(maxsize=EXACT_UP_TO)
def _orders(count: int) -> np.ndarray[tuple[int, int], np.dtype[np.int64]]:
    return np.array(list(itertools.permutations(range(count))), dtype=np.int64)
