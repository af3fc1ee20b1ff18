"""From rows to comparisons: one board per context, with a score, an interval and tests for every method and metric.

A board is what a leaderboard table, a plot and a sentence of the verdict are all made from, so that they agree.
"""

from __future__ import annotations

import json
import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

import numpy as np

from reports.collect import Collection, Context
from reports.labels import BASELINES, EVIDENCE, PRIMARY, split_metric
from reports.statistics import Array, PairwiseTests, bootstrap_interval, paired_bootstrap, paired_wilcoxon, ranks

if TYPE_CHECKING:
    import pandas as pd

IMAGE_SCORES = {"map50": ("map50", "ap50", "f1"), "map50_95": ("map50_95", "ap50_95", "f1"), "miou": ("miou", "iou")}
"""Per-image scores, best first, that stand in for a score of a whole test set in a paired test."""
CLASS_STEMS = ("iou", "ap50", "ap50_95", "precision", "recall", "f1")
OVERALL = "overall"
"""Key of the tests over all metrics of a board (mean rank per image)."""


@dataclass(frozen=True, kw_only=True)
class Score:
    """One number of a table: the mean over seeds, and where it comes from."""

    value: float
    """Mean over seeds, as in the records (fractions); nan where undefined."""
    sd: float
    """Standard deviation over seeds (n - 1); nan with one seed."""
    low: float
    high: float
    """95 % interval over test images, averaged over seeds; nan where the records hold none."""
    num_images: int
    seeds: tuple[int, ...]
    cells: tuple[str, ...]
    """Ids of the records the number comes from."""
    higher: bool | None


@dataclass(frozen=True)
class Board:
    """All methods under one context."""

    context: Context
    methods: tuple[str, ...]
    """Every method of the report, whether or not it has scores here; best first where a ranking exists."""
    metrics: tuple[str, ...]
    scores: Mapping[tuple[str, str], Score]
    tests: Mapping[str, PairwiseTests] = field(default_factory=dict)
    tested_on: Mapping[str, str] = field(default_factory=dict)
    """For each tested metric the per-image score the test used, where that is another one."""
    mean_ranks: Mapping[str, float] = field(default_factory=dict)
    """Mean rank of each method over images and metrics; only for quality boards."""

    @property
    def present(self) -> list[str]:
        """The methods that have at least one score."""
        return [m for m in self.methods if any((m, metric) in self.scores for metric in self.metrics)]

    @property
    def contestants(self) -> list[str]:
        """The methods that are ranked: not the source images where they score trivially (quality, cost)."""
        if self.context.task in PRIMARY:
            return list(self.methods)
        return [m for m in self.methods if m not in BASELINES] or list(self.methods)

    @property
    def missing(self) -> list[str]:
        """The methods that have none."""
        present = set(self.present)
        return [m for m in self.methods if m not in present]

    @property
    def ranking(self) -> str | None:
        """The metric that orders the methods: a key of `metrics`, `OVERALL`, or None."""
        primary = PRIMARY.get(self.context.task)
        if primary in self.metrics:
            return primary
        return OVERALL if self.mean_ranks else None

    def ordered(self, metric: str) -> list[str]:
        """The contestants with a finite score in `metric`, best first."""
        found = [
            m for m in self.contestants if (m, metric) in self.scores and math.isfinite(self.scores[m, metric].value)
        ]
        return sorted(found, key=lambda m: _badness(self.scores[m, metric]))

    def ties_best(self, method: str, metric: str) -> bool:
        """Whether `method` was tested against the best of `metric` and does not differ significantly from it."""
        tests, order = self.tests.get(metric), self.ordered(metric)
        if tests is None or not order or method not in tests.methods or order[0] not in tests.methods:
            return False
        p = tests.p_value(method, order[0])
        return math.isfinite(p) and not tests.better(order[0], method)


def build_boards(collection: Collection, *, ablations: bool = False) -> list[Board]:
    """One board per context.

    Args:
        collection: What was read.
        ablations: Take in the ablation variants too; otherwise only full methods, or all where none is full.
    """
    boards = []
    full = {m for m, a in zip(collection.rows["method"], collection.rows["ablation"], strict=True) if a == "full"}
    wanted = [m for m in collection.methods if ablations or not full or m in full]
    for context in collection.contexts:
        rows = collection.in_context(context)
        rows = rows[rows["method"].isin(wanted)]
        if not rows.empty:
            boards.append(_board(context, rows, collection, wanted))
    return boards


def score_of(rows: pd.DataFrame, images: pd.DataFrame | None = None) -> Score:
    """Sum up the rows of one method and metric, one per seed."""
    values = rows["value"].to_numpy(dtype=float)
    finite = values[np.isfinite(values)]
    low, high = _mean_finite(rows["ci_low"]), _mean_finite(rows["ci_high"])
    if math.isnan(low) and images is not None and not images.empty:
        low, high = bootstrap_interval(images.groupby("id")["value"].mean().to_numpy(dtype=float))
    seeds = sorted({int(s) for s in rows["seed"] if s is not None and not math.isnan(float(s))})
    directions = [h for h in rows["higher_is_better"] if h is not None and h == h]
    return Score(
        value=float(finite.mean()) if len(finite) else math.nan,
        sd=float(finite.std(ddof=1)) if len(finite) > 1 else math.nan,
        low=low,
        high=high,
        num_images=int(rows["n"].max()),
        seeds=tuple(seeds),
        cells=tuple(sorted(set(rows["cell"]))),
        higher=bool(directions[0]) if directions else None,
    )


def image_matrix(images: pd.DataFrame, metric: str, methods: Sequence[str]) -> pd.DataFrame:
    """One row per image and one column per method: the per-image score, mean over seeds; shared images only."""
    chosen = images[(images["metric"] == metric) & images["method"].isin(list(methods))]
    table = chosen.pivot_table(index="id", columns="method", values="value", aggfunc="mean")
    return table.reindex(columns=[m for m in methods if m in table.columns]).dropna()


def is_board_metric(key: str) -> bool:
    """Whether a metric is a column of a leaderboard, rather than of the evidence or the class tables."""
    stem, qualifier = split_metric(key)
    return not qualifier.startswith("evidence:") and not (qualifier and stem in CLASS_STEMS)


def evidence_of(key: str) -> str | None:
    """The evidence class that a metric key names, if it does."""
    _, qualifier = split_metric(key)
    name = qualifier.removeprefix("evidence:")
    return name if qualifier.startswith("evidence:") and name in EVIDENCE else None


def _board(context: Context, rows: pd.DataFrame, collection: Collection, methods: Sequence[str]) -> Board:
    images = collection.images_in(context)
    scores = {}
    by_pair = dict(list(images.groupby(["method", "metric"]))) if not images.empty else {}
    for (method, metric), group in rows.groupby(["method", "metric"], sort=False):
        scores[str(method), str(metric)] = score_of(group, by_pair.get((method, metric)))
    metrics = tuple(dict.fromkeys(rows["metric"]))
    tests, tested_on = _test_all(metrics, scores, methods, images, collection)
    overall, mean_ranks = _overall(context, metrics, scores, methods, images)
    if overall is not None:
        tests[OVERALL] = overall
    board = Board(context, tuple(methods), metrics, scores, tests, tested_on, mean_ranks)
    return Board(context, tuple(_best_first(board)), metrics, scores, tests, tested_on, mean_ranks)


def _best_first(board: Board) -> list[str]:
    if board.ranking == OVERALL:
        ranked = sorted(board.mean_ranks, key=lambda m: board.mean_ranks[m])
    else:
        ranked = board.ordered(board.ranking) if board.ranking else []
    rest = [m for m in board.present if m not in ranked]
    return [*ranked, *rest, *board.missing]


def _test_all(
    metrics: Sequence[str],
    scores: Mapping[tuple[str, str], Score],
    methods: Sequence[str],
    images: pd.DataFrame,
    collection: Collection,
) -> tuple[dict[str, PairwiseTests], dict[str, str]]:
    tests: dict[str, PairwiseTests] = {}
    tested_on: dict[str, str] = {}
    available = set(images["metric"])
    for metric in metrics:
        here = [m for m in methods if (m, metric) in scores]
        higher = next((scores[m, metric].higher for m in here), None)
        if len(here) < 2 or higher is None:
            continue
        replicates = _replicates(metric, here, scores, collection)
        if replicates is not None:
            tests[metric] = paired_bootstrap(
                replicates, here, higher=higher, num_images=scores[here[0], metric].num_images
            )
            continue
        stand_in = next((k for k in (metric, *IMAGE_SCORES.get(metric, ())) if k in available), None)
        if stand_in is None:
            continue
        table = image_matrix(images, stand_in, here)
        if table.shape[1] < 2 or table.empty:
            continue
        tests[metric] = paired_wilcoxon(table.to_numpy(dtype=float), list(table.columns), higher=higher)
        if stand_in != metric:
            tested_on[metric] = stand_in
    return tests, tested_on


def _replicates(
    metric: str, methods: Sequence[str], scores: Mapping[tuple[str, str], Score], collection: Collection
) -> Array | None:
    """(B, M) bootstrap replicates from the records, mean over seeds; None unless all drew the same images."""
    columns: list[Array] = []
    draws: set[str] = set()
    for method in methods:
        loaded = [_load_replicates(cell, metric, collection) for cell in scores[method, metric].cells]
        found = [entry for entry in loaded if entry is not None]
        if not found or len(found) != len(loaded):
            return None
        draws.update(draw for draw, _ in found)
        lengths = {len(values) for _, values in found}
        if len(lengths) != 1:
            return None
        columns.append(np.mean([values for _, values in found], axis=0))
    if len(draws) != 1 or len({len(c) for c in columns}) != 1:
        return None
    stacked: Array = np.stack(columns, axis=1)
    usable: Array = stacked[np.isfinite(stacked).all(axis=1)]
    return usable


def _load_replicates(cell: str, metric: str, collection: Collection) -> tuple[str, Array] | None:
    path = collection.records[cell].path
    source = path / "artefacts" / "bootstrap.json" if path is not None else None
    if source is None or not source.is_file():
        return None
    content = json.loads(source.read_text(encoding="utf-8"))
    values = content.get("replicates", {}).get(metric)
    return (str(content["draws"]), np.asarray(values, dtype=float)) if values else None


def _overall(
    context: Context,
    metrics: Sequence[str],
    scores: Mapping[tuple[str, str], Score],
    methods: Sequence[str],
    images: pd.DataFrame,
) -> tuple[PairwiseTests | None, dict[str, float]]:
    """For quality: every method's rank on each image, mean over the metrics, tested over images."""
    if context.task != "quality" or images.empty:
        return None, {}
    here = [m for m in methods if any((m, metric) in scores for metric in metrics) and m not in BASELINES]
    tables = []
    for metric in metrics:
        higher = next((scores[m, metric].higher for m in here if (m, metric) in scores), None)
        table = image_matrix(images, metric, here)
        if higher is not None and table.shape[1] == len(here) and not table.empty:
            tables.append(table * (1 if higher else -1))
    if len(here) < 2 or not tables:
        return None, {}
    shared_ids = sorted(set.intersection(*(set(t.index) for t in tables)))
    if not shared_ids:
        return None, {}
    per_image = np.mean([ranks(t.loc[shared_ids].to_numpy(dtype=float)) for t in tables], axis=0)
    tests = paired_wilcoxon(per_image, here, higher=False)
    return tests, dict(zip(here, per_image.mean(axis=0).tolist(), strict=True))


def _badness(score: Score) -> float:
    return score.value if score.higher is False else -score.value


def _mean_finite(values: pd.Series) -> float:
    array = values.to_numpy(dtype=float)
    finite = array[np.isfinite(array)]
    return float(finite.mean()) if len(finite) else math.nan
