"""What is known of one method's score: its value in every training, and how it varies with the images.

`read_scored` takes it from the records. An estimator keeps to itself: per-image values stand behind a score only where
their mean is the score (VIF), bootstrap replicates where the score exists for a whole set alone (mAP50).
"""

from __future__ import annotations

import json
import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from functools import cached_property
from typing import TYPE_CHECKING, Any, TypeVar

import numpy as np

from suite.records import Record, read_per_image
from suite.rows import Row
from suite.statistics.intervals import NO_INTERVAL, Array, Interval, bootstrap_error, half_width_error, t_interval

if TYPE_CHECKING:
    import pandas as pd

Key = TypeVar("Key")
SUBSET = "/subset:"
"""In the key of a metric that is taken over a part of the images alone: map50/subset:night."""
SAME_ESTIMATOR = 1e-6
"""Relative difference up to which the mean of per-image values is the recorded value (records round to 8 digits)."""


@dataclass(frozen=True, kw_only=True)
class Scored:
    """One method's score in one metric."""

    values: Array
    """(S,), one per training, or the one value of a method that is not trained; nan where undefined."""
    seeds: tuple[int, ...] = ()
    """Of the S trainings, in the order of `values`; empty where nothing was trained."""
    images: Array | None = None
    """(S, N) per-image values whose mean is `values`; nan where undefined."""
    ids: tuple[str, ...] = ()
    """Of the N images."""
    replicates: Array | None = None
    """(S, B) the score in every bootstrap resample of the images."""
    draws: str = ""
    """What determines the resampled images; see `intervals.describe_draws`."""
    num_images: int = 0
    fraction: bool = False
    """Whether the score lies in [0, 1]."""
    ideal: float | None = None
    """The value to come close to, where neither more nor less is better."""
    stored: Interval = NO_INTERVAL
    """Mean of the intervals that the records hold, for records without images and replicates."""

    @property
    def judged(self) -> Scored:
        """What methods are compared by: the score itself, or minus its distance from `ideal` on every image."""
        if self.ideal is None:
            return self
        if self.images is None:
            return replace(self, values=-abs(self.values - self.ideal), replicates=None, ideal=None)
        near = -abs(self.images - self.ideal)
        means = np.array([float(one[np.isfinite(one)].mean()) if np.isfinite(one).any() else math.nan for one in near])
        return replace(self, values=means, images=near, ideal=None, stored=NO_INTERVAL)

    @property
    def trained(self) -> bool:
        """Whether trainings stand behind the values."""
        return bool(self.seeds)

    @property
    def known(self) -> Array:
        """The values that are defined."""
        return self.values[np.isfinite(self.values)]

    @property
    def value(self) -> float:
        """Mean over trainings; undefined ones do not swallow it."""
        return float(self.known.mean()) if len(self.known) else math.nan

    @property
    def spread(self) -> float:
        """Standard deviation over trainings (n - 1); nan below two."""
        return float(self.known.std(ddof=1)) if len(self.known) > 1 else math.nan

    @property
    def image_error(self) -> float:
        """Standard error of the value by the choice of images; nan where the records do not tell."""
        if self.images is not None:
            per_image = _mean_of_known(self.images)
            known = per_image[np.isfinite(per_image)]
            return float(known.std(ddof=1)) / math.sqrt(len(known)) if len(known) > 1 else math.nan
        if self.replicates is not None:
            return bootstrap_error(self.replicates.mean(axis=0), self.num_images)
        return half_width_error(self.stored, self.num_images)

    @property
    def interval(self) -> Interval:
        """95 % interval of the value: over images, and over trainings where there are several."""
        known = len(self.known)
        if known == 1 and math.isfinite(self.stored[0]):
            return self.stored
        parts = [(self.image_error, self.num_images - 1.0)]
        if known > 1:
            parts.append((self.spread / math.sqrt(known), known - 1.0))
        found = t_interval(self.value, parts, fraction=self.fraction)
        return found if math.isfinite(found[0]) else self.stored

    def shared_images(self, other: Scored) -> tuple[Array, Array] | None:
        """The per-image values of both, (S, N) each, on the images that both define; None without such images."""
        if self.images is None or other.images is None:
            return None
        first, second = self.images, other.images
        if self.ids != other.ids:
            places = {name: place for place, name in enumerate(other.ids)}
            shared = [(i, places[name]) for i, name in enumerate(self.ids) if name in places]
            first, second = first[:, [i for i, _ in shared]], second[:, [j for _, j in shared]]
        defined = np.isfinite(first).all(axis=0) & np.isfinite(second).all(axis=0)
        return (first[:, defined], second[:, defined]) if defined.any() else None


def image_difference_error(first: Scored, second: Scored) -> tuple[float, int]:
    """Standard error of the difference of two scores by the choice of images, and how many; nan if not paired."""
    pairs = first.shared_images(second)
    if pairs is not None:
        difference = pairs[0].mean(axis=0) - pairs[1].mean(axis=0)
        count = len(difference)
        return (float(difference.std(ddof=1)) / math.sqrt(count) if count > 1 else math.nan), count
    if first.replicates is None or second.replicates is None or first.draws != second.draws:
        return math.nan, 0
    difference = first.replicates.mean(axis=0) - second.replicates.mean(axis=0)
    return bootstrap_error(difference, first.num_images), first.num_images


@dataclass(frozen=True)
class RecordScores:
    """A record with what lies beside it, read when asked for."""

    record: Record
    _rows: Mapping[str, Row] = field(init=False, repr=False, compare=False)

    def __post_init__(self) -> None:
        object.__setattr__(self, "_rows", {row.metric: row for row in self.record.rows})

    def row(self, metric: str) -> Row | None:
        """The row of a metric."""
        return self._rows.get(metric)

    @cached_property
    def per_image(self) -> pd.DataFrame:
        """Columns id, metric, value; empty where the record has no images."""
        import pandas as pd

        empty = pd.DataFrame(columns=["id", "metric", "value"])
        found = read_per_image(self.record.path) if self.record.path is not None else empty
        return found if {"id", "metric", "value"}.issubset(found.columns) else empty

    @cached_property
    def _by_metric(self) -> Mapping[str, pd.DataFrame]:
        return {str(metric): part for metric, part in self.per_image.groupby("metric", sort=False)}

    @cached_property
    def _bootstrap(self) -> Mapping[str, Any]:
        path = self.record.path
        source = path / "artefacts" / "bootstrap.json" if path is not None else None
        if source is None or not source.is_file():
            return {"draws": "", "num_images": 0, "replicates": {}}
        content: dict[str, Any] = json.loads(source.read_text(encoding="utf-8"))
        return content

    def images(self, metric: str) -> tuple[tuple[str, ...], Array] | None:
        """Ids and values of the images whose mean is the recorded value; None where there are none."""
        row, part = self.row(metric), self._by_metric.get(metric)
        if row is None or part is None:
            return None
        part = part.sort_values("id")
        values = part["value"].to_numpy(dtype=float)
        known = values[np.isfinite(values)]
        if not len(known) or not math.isclose(known.mean(), row.value, rel_tol=SAME_ESTIMATOR, abs_tol=SAME_ESTIMATOR):
            return None
        return tuple(part["id"].astype(str)), values

    def replicates(self, metric: str) -> tuple[str, Array] | None:
        """What determines the draws, and the score in every resample; None where the record holds none."""
        found = self._bootstrap["replicates"].get(metric)
        return None if found is None else (str(self._bootstrap["draws"]), np.asarray(found, dtype=float))

    @property
    def num_images(self) -> int:
        """Images behind the bootstrap replicates; 0 where there are none."""
        return int(self._bootstrap["num_images"])


def read_scored(records: Sequence[RecordScores], metric: str) -> Scored | None:
    """The score of one method from its records, one per training; None where none of them has the metric."""
    having = [r for r in records if r.row(metric) is not None]
    rows = [row for r in having if (row := r.row(metric)) is not None]
    if not rows:
        return None
    ids: tuple[str, ...] = ()
    images = _same([r.images(metric) for r in having])
    replicates = None if images else _same([r.replicates(metric) for r in having])
    if images:
        ids = images[0]
    return Scored(
        values=np.array([row.value for row in rows], dtype=float),
        seeds=tuple(row.seed for row in rows if row.seed is not None),
        images=images[1] if images else None,
        ids=ids,
        replicates=replicates[1] if replicates else None,
        draws=replicates[0] if replicates else "",
        num_images=len(ids) or _count_images(having[0], rows, metric, by_resampling=replicates is not None),
        fraction=rows[0].unit == "fraction",
        ideal=rows[0].ideal,
        stored=(_mean([row.ci_low for row in rows]), _mean([row.ci_high for row in rows])),
    )


def _count_images(record: RecordScores, rows: Sequence[Row], metric: str, *, by_resampling: bool) -> int:
    # The rows of classes and evidence count boxes, those of subsets images.
    if by_resampling and SUBSET not in metric:
        return record.num_images
    return max(row.n for row in rows)


def _same(found: Sequence[tuple[Key, Array] | None]) -> tuple[Key, Array] | None:
    """The values of all records stacked, if all have some for the same key (images, draws)."""
    known = [entry for entry in found if entry is not None]
    if not known or len(known) != len(found):
        return None
    if len({key for key, _ in known}) != 1 or len({len(values) for _, values in known}) != 1:
        return None
    return known[0][0], np.stack([values for _, values in known])


def _mean_of_known(images: Array) -> Array:
    """(N,) mean over trainings of (S, N), nan where no training defines the image."""
    known = np.isfinite(images)
    count = known.sum(axis=0)
    total = np.where(known, images, 0.0).sum(axis=0)
    means: Array = np.divide(total, count, out=np.full(len(total), math.nan), where=count > 0)
    return means


def _mean(values: Sequence[float]) -> float:
    return float(np.mean(values)) if values and all(map(math.isfinite, values)) else math.nan
