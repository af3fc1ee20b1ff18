"""Scores and tests: rows of one method summed up over seeds, and methods compared on the same images."""

from __future__ import annotations

import json
import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from reports.collect import Collection
from reports.labels import BASELINES
from suite.statistics.comparison import (
    Array,
    PairwiseTests,
    bootstrap_interval,
    paired_bootstrap,
    paired_wilcoxon,
    ranks,
)

if TYPE_CHECKING:
    import pandas as pd

IMAGE_SCORES = {
    "map50": ("map50", "ap50", "f1"),
    "map50_95": ("map50_95", "ap50_95", "map50", "f1"),
    "miou": ("miou", "iou"),
}
"""Per-image scores, best first, that stand in for a score of a whole test set in a paired test."""
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

    def within_seeds(self, other: Score) -> bool:
        """Whether the difference to another score is smaller than the spread over seeds (pooled, where known)."""
        spreads = [s.sd for s in (self, other) if math.isfinite(s.sd)]
        pooled = math.sqrt(sum(s * s for s in spreads) / len(spreads)) if spreads else 0.0
        return abs(self.value - other.value) < pooled


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


def image_ranks(
    metrics: Sequence[str], scores: Mapping[tuple[str, str], Score], methods: Sequence[str], images: pd.DataFrame
) -> Array:
    """(N, M) rank of every method on each image, mean over the metrics that all methods have; N may be 0."""
    tables = []
    for metric in metrics:
        higher = next((scores[m, metric].higher for m in methods if (m, metric) in scores), None)
        table = image_matrix(images, metric, methods)
        if higher is not None and table.shape[1] == len(methods) and not table.empty:
            tables.append(table * (1 if higher else -1))
    shared_ids = sorted(set.intersection(*(set(t.index) for t in tables))) if tables and methods else []
    if not shared_ids:
        return np.empty((0, len(methods)))
    stacked: Array = np.mean([ranks(t.loc[shared_ids].to_numpy(dtype=float)) for t in tables], axis=0)
    return stacked


def test_all_metrics(
    metrics: Sequence[str],
    scores: Mapping[tuple[str, str], Score],
    methods: Sequence[str],
    images: pd.DataFrame,
    collection: Collection,
) -> tuple[dict[str, PairwiseTests], dict[str, str]]:
    """Paired tests for every metric that has a direction and per-image scores or shared bootstrap draws.

    Returns:
        The tests by metric, and for each the per-image score that stood in for it, where it is another one.
    """
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


def overall_test(
    metrics: Sequence[str],
    scores: Mapping[tuple[str, str], Score],
    methods: Sequence[str],
    images: pd.DataFrame,
) -> tuple[PairwiseTests | None, dict[str, float]]:
    """Over all metrics: every method's rank on each image, mean over the metrics, tested over images."""
    if images.empty:
        return None, {}
    here = [m for m in methods if any((m, metric) in scores for metric in metrics) and m not in BASELINES]
    per_image = image_ranks(metrics, scores, here, images)
    if len(here) < 2 or not len(per_image):
        return None, {}
    tests = paired_wilcoxon(per_image, here, higher=False)
    return tests, dict(zip(here, per_image.mean(axis=0).tolist(), strict=True))


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


def _mean_finite(values: pd.Series) -> float:
    array = values.to_numpy(dtype=float)
    finite = array[np.isfinite(array)]
    return float(finite.mean()) if len(finite) else math.nan
