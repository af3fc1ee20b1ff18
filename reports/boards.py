"""From rows to comparisons: one board per context, with a score, an interval and tests for every method and metric.

A board is what a leaderboard table, a plot and a sentence of the verdict are all made from, so that they agree.
"""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from typing import TYPE_CHECKING

from reports.collect import Collection, Context
from reports.labels import BASELINES, CLASS_STEMS, EVIDENCE, SUBSET, Labels, split_metric
from reports.scores import OVERALL, MethodScore, direction_of, overall_test, score_of, test_all_metrics
from suite.statistics.comparison import PairwiseTests

if TYPE_CHECKING:
    import pandas as pd


CASES = {"video": "clip"}


@dataclass(frozen=True)
class Board:
    """All methods under one context."""

    context: Context
    labels: Labels
    primary: str
    """The metric by which the task ranks methods; empty where all metrics do so together."""
    methods: tuple[str, ...]
    """Every method of the report, whether or not it has scores here; best first where a ranking exists."""
    metrics: tuple[str, ...]
    scores: Mapping[tuple[str, str], MethodScore]
    tests: Mapping[str, PairwiseTests] = field(default_factory=dict)
    pending: Mapping[str, tuple[int, ...]] = field(default_factory=dict)
    """The methods with unfinished cells here, and their seeds."""
    mean_ranks: Mapping[str, float] = field(default_factory=dict)
    """Mean rank of each method over images and metrics; only for quality boards."""

    @property
    def case(self) -> str:
        """What a score is a mean over, in the singular: "image", or "clip" of a video task."""
        return CASES.get(self.context.task, "image")

    def cases(self, number: int) -> str:
        """So many of them, in words: "1 clip", "1,024 images"."""
        return f"{number:,} {self.case}{'' if number == 1 else 's'}"

    @property
    def present(self) -> list[str]:
        """The methods that have at least one score."""
        return [m for m in self.methods if any((m, metric) in self.scores for metric in self.metrics)]

    @property
    def contestants(self) -> list[str]:
        """The methods that are ranked: not the source images where they score trivially (quality, cost)."""
        if self.primary:
            return list(self.methods)
        return [m for m in self.methods if m not in BASELINES] or list(self.methods)

    @property
    def missing(self) -> list[str]:
        """The methods that have none."""
        present = set(self.present)
        return [m for m in self.methods if m not in present]

    @property
    def class_metrics(self) -> list[str]:
        """One score per class, `iou/car` and so on; empty below two classes, where it would repeat the leaderboard."""
        keys = [m for m in self.metrics if "/" in m and split_metric(m)[0] in CLASS_STEMS and not evidence_of(m)]
        keys = [key for key in keys if split_metric(key)[0] == split_metric(keys[0])[0]]
        return keys if len(keys) > 1 else []

    @property
    def ranking(self) -> str | None:
        """The metric that orders the methods: a key of `metrics`, `OVERALL`, or None."""
        if self.primary in self.metrics:
            return self.primary
        return OVERALL if self.mean_ranks else None

    @property
    def judged(self) -> list[str]:
        """The leaderboard metrics that say how good a method is: those with a direction."""
        directed = {metric for (_, metric), score in self.scores.items() if score.higher is not None}
        return [m for m in self.metrics if m in directed and is_board_metric(m)]

    def ordered(self, metric: str) -> list[str]:
        """The contestants with a finite score in `metric`, best first."""
        found = [
            m for m in self.contestants if (m, metric) in self.scores and math.isfinite(self.scores[m, metric].value)
        ]
        return sorted(found, key=lambda m: _badness(self.scores[m, metric]))

    def ties_best(self, method: str, metric: str) -> bool:
        """Whether `method` was tested against the best of `metric` and does not differ significantly from it."""
        tests, order = self.tests.get(metric), self.ordered(metric)
        if tests is None or not order or method not in self.contestants or method == order[0]:
            return False
        return tests.tested(method, order[0]) and not tests.better(order[0], method)


def build_boards(collection: Collection, *, methods: Sequence[str] | None = None) -> list[Board]:
    """One board per context.

    Args:
        collection: What was read.
        methods: Whom to compare; by default the full methods, or all where none is full.
    """
    boards = []
    wanted = list(methods) if methods is not None else _full_methods(collection)
    for context in collection.contexts:
        rows = collection.in_context(context)
        rows = rows[rows["method"].isin(wanted)]
        if not rows.empty:
            boards.append(_board(context, rows, collection, wanted))
    return boards


def _full_methods(collection: Collection) -> list[str]:
    full = set(collection.rows.loc[collection.rows["variant"] == "full", "method"])
    return [m for m in collection.methods if not full or m in full]


def is_board_metric(key: str) -> bool:
    """Whether a metric is a column of a leaderboard, rather than of the evidence, subset or class tables."""
    stem, qualifier = split_metric(key)
    return not qualifier.startswith(("evidence:", SUBSET)) and not (qualifier and stem in CLASS_STEMS)


def evidence_of(key: str) -> str | None:
    """The evidence class that a metric key names, if it does."""
    _, qualifier = split_metric(key)
    name = qualifier.removeprefix("evidence:")
    return name if qualifier.startswith("evidence:") and name in EVIDENCE else None


def _board(context: Context, rows: pd.DataFrame, collection: Collection, methods: Sequence[str]) -> Board:
    scores: dict[tuple[str, str], MethodScore] = {}
    metrics = tuple(dict.fromkeys(rows["metric"]))
    for method, group in rows.groupby("method", sort=False):
        for metric, of_metric in group.groupby("metric", sort=False):
            cells = dict.fromkeys(of_metric.sort_values(["seed", "cell"])["cell"])
            score = score_of([collection.scores[cell] for cell in cells], str(metric))
            if score is not None:
                scores[str(method), str(metric)] = score
    primary = str(rows["primary"].iloc[0])
    tests = test_all_metrics(metrics, scores, methods, context.protocol)
    mean_ranks: dict[str, float] = {}
    if not primary:
        judged = [m for m in metrics if direction_of(scores, m) is not None]
        overall, mean_ranks = overall_test(judged, scores, methods)
        if overall is not None:
            tests[OVERALL] = overall
    computing = {
        method: tuple(sorted(cell.seed for cell in cells if cell.seed is not None))
        for method, cells in collection.pending_in(context).items()
        if method in methods or all(cell.variant == "full" for cell in cells)
    }
    everyone = tuple(dict.fromkeys([*methods, *computing]))
    if case := CASES.get(context.task):
        tests = {metric: _told_of(found, f"{case}s") for metric, found in tests.items()}
    board = Board(context, collection.labels, primary, everyone, metrics, scores, tests, computing, mean_ranks)
    return replace(board, methods=tuple(_best_first(board)))


def _told_of(tests: PairwiseTests, cases: str) -> PairwiseTests:
    """The same tests, whose words speak of what was compared instead of images."""
    reasons = {pair: reason.replace("images", cases) for pair, reason in tests.reasons.items()}
    return replace(tests, test=tests.test.replace("images", cases), reasons=reasons)


def _best_first(board: Board) -> list[str]:
    if board.ranking == OVERALL:
        ranked = sorted(board.mean_ranks, key=lambda m: board.mean_ranks[m])
    else:
        ranked = board.ordered(board.ranking) if board.ranking else []
    rest = [m for m in board.present if m not in ranked]
    return [*ranked, *rest, *board.missing]


def _badness(score: MethodScore) -> float:
    return score.judged if score.higher is False else -score.judged
