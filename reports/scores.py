"""The scores of a board: what the records say of each method and metric, and the tests between methods.

Values, intervals and tests are those of `suite.statistics`, which the console asks too.
"""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from reports.labels import BASELINES
from suite.rows import Row
from suite.statistics.comparison import PairwiseTests, compare_methods
from suite.statistics.intervals import Array
from suite.statistics.ranking import ranks
from suite.statistics.scored import RecordScores, Scored, read_scored

if TYPE_CHECKING:
    import pandas as pd

OVERALL = "overall"
"""Key of the tests over all metrics of a board (mean rank per image)."""
FROZEN = "frozen-"
"""Protocols in which one network judges all methods: its trainings are shared."""
Scores = Mapping[tuple[str, str], "MethodScore"]


@dataclass(frozen=True, kw_only=True)
class MethodScore:
    """One number of a table, and where it comes from."""

    scored: Scored
    cells: tuple[str, ...]
    """Ids of the records the number comes from."""
    impossible: str = ""
    """What the definition cannot give, in words; empty where the value is possible."""
    higher: bool | None
    """Whether higher is better of `judged`; None where no direction is agreed on."""

    @property
    def judged(self) -> float:
        """What methods are ordered by: the value, or minus the distance from the metric's ideal."""
        return self.scored.judged.value

    @property
    def value(self) -> float:
        """Mean over seeds, as in the records (fractions); nan where undefined."""
        return self.scored.value

    @property
    def sd(self) -> float:
        """Standard deviation over seeds (n - 1); nan with one seed."""
        return self.scored.spread

    @property
    def low(self) -> float:
        """Lower end of the 95 % interval; nan where there is none."""
        return self.scored.interval[0]

    @property
    def high(self) -> float:
        """Upper end of the 95 % interval; nan where there is none."""
        return self.scored.interval[1]

    @property
    def seeds(self) -> tuple[int, ...]:
        """Of the trainings; empty where nothing was trained."""
        return tuple(sorted(self.scored.seeds))

    @property
    def num_images(self) -> int:
        """Images (or boxes) behind the value."""
        return self.scored.num_images


def score_of(records: Sequence[RecordScores], metric: str) -> MethodScore | None:
    """The score of one method in one context; None where no record has the metric."""
    having = [r for r in records if r.row(metric) is not None]
    scored = read_scored(having, metric)
    if scored is None:
        return None
    rows = [row for r in having if (row := r.row(metric)) is not None]
    directions = [row.better for r in having if (row := r.row(metric)) is not None]
    return MethodScore(
        scored=scored,
        cells=tuple(sorted(r.record.cell_id for r in having)),
        impossible=next((f"{row.label} {limits_in_words(row)}" for row in rows if row.is_impossible), ""),
        higher=next((d for d in directions if d is not None), None),
    )


def limits_in_words(row: Row) -> str:
    """Where the definition of a score leaves it: "lies between 0 and 8"."""
    low, high = row.bounds
    if math.isinf(low) or math.isinf(high):
        return f"is at most {high:g}" if math.isinf(low) else f"is at least {low:g}"
    return f"lies between {low:g} and {high:g}"


def direction_of(scores: Scores, metric: str) -> bool | None:
    """The direction of a metric; None where no score has it or none is agreed on."""
    return next((s.higher for (_, key), s in scores.items() if key == metric), None)


def image_matrix(images: pd.DataFrame, metric: str, methods: Sequence[str]) -> pd.DataFrame:
    """One row per image and one column per method: the per-image score, mean over seeds; shared images only."""
    chosen = images[(images["metric"] == metric) & images["method"].isin(list(methods))]
    table = chosen.pivot_table(index="id", columns="method", values="value", aggfunc="mean")
    return table.reindex(columns=[m for m in methods if m in table.columns]).dropna()


def test_all_metrics(
    metrics: Sequence[str], scores: Scores, methods: Sequence[str], protocol: str
) -> dict[str, PairwiseTests]:
    """Tests for every metric that has a direction and at least one pair of methods that could be tested.

    A metric whose pairs could all not be tested stays in, with the reasons.
    """
    tests = {}
    for metric in metrics:
        here = {m: scores[m, metric].scored for m in methods if (m, metric) in scores}
        higher = direction_of(scores, metric)
        if len(here) > 1 and higher is not None:
            tests[metric] = compare_methods(here, higher=higher, shared_trainings=protocol.startswith(FROZEN))
    return tests


def overall_test(
    metrics: Sequence[str], scores: Scores, methods: Sequence[str]
) -> tuple[PairwiseTests | None, dict[str, float]]:
    """Over all metrics: every method's rank on each image, mean over the metrics, tested like any other score."""
    here = [m for m in methods if any((m, metric) in scores for metric in metrics) and m not in BASELINES]
    ranked = image_ranks(metrics, scores, here)
    if len(here) < 2 or not ranked:
        return None, {}
    return compare_methods(ranked, higher=False), {m: ranked[m].value for m in here}


def image_ranks(metrics: Sequence[str], scores: Scores, methods: Sequence[str]) -> dict[str, Scored]:
    """The rank of every method on each image, mean over the metrics that all methods have; {} where there are none.

    A method with several trainings is ranked once per training, against the mean over trainings of the others.
    """
    stacks = _shared_stacks(metrics, scores, methods)
    if not stacks:
        return {}
    found = {}
    for place, method in enumerate(methods):
        known = scores[method, next(m for m in metrics if (method, m) in scores)].scored
        per_training = []
        for training in range(len(known.values)):
            tables = []
            for stack, higher in stacks:
                table = np.stack([one.mean(axis=0) for one in stack], axis=1)
                table[:, place] = stack[place][training]
                tables.append(ranks(table, higher=higher)[:, place])
            per_training.append(np.mean(tables, axis=0))
        images: Array = np.stack(per_training)
        count = images.shape[1]
        found[method] = Scored(
            values=images.mean(axis=1), seeds=known.seeds, images=images, ids=tuple(map(str, range(count))),
            num_images=count,
        )  # fmt: skip
    return found


def _shared_stacks(metrics: Sequence[str], scores: Scores, methods: Sequence[str]) -> list[tuple[list[Array], bool]]:
    """For each metric that all methods have: (S, N) values of each on the images that all define in all metrics."""
    usable: list[tuple[list[Scored], bool, set[str]]] = []
    for metric in metrics:
        higher = direction_of(scores, metric)
        here = [scores[m, metric].scored for m in methods if (m, metric) in scores]
        if higher is None or not here or len(here) < len(methods):
            continue
        # A metric that is undefined everywhere for one method must not take the other metrics with it.
        shared = set.intersection(*(_defined(s) for s in here))
        if shared:
            usable.append((here, higher, shared))
    ids = sorted(set.intersection(*(shared for _, _, shared in usable))) if usable else []
    return [([_columns(s, ids) for s in here], higher) for here, higher, _ in usable] if ids else []


def _columns(scored: Scored, ids: Sequence[str]) -> Array:
    places = {name: i for i, name in enumerate(scored.ids)}
    images = scored.judged.images
    assert images is not None
    chosen: Array = images[:, [places[name] for name in ids]]
    return chosen


def _defined(scored: Scored) -> set[str]:
    if scored.images is None:
        return set()
    known = np.atleast_1d(np.isfinite(scored.images).all(axis=0))
    return {name for name, is_known in zip(scored.ids, known.tolist(), strict=True) if is_known}
