"""The per-image table and the bootstrap replicates of a submitted record: read strictly, written with every digit."""

from __future__ import annotations

import csv
import io
import json
import math
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np

from reports.submissions.fields import check_place, check_text
from reports.submissions.files import BOOTSTRAP, read_json
from reports.submissions.refusal import refusal
from suite.files import write_text
from suite.records import PER_IMAGE_TEXT
from suite.statistics.intervals import Array

if TYPE_CHECKING:
    import pandas as pd

HEAD = ["id", "metric", "value"]
DECIMALS = 6
"""Of stored replicates: scores are fractions, and their scatter is never below a thousandth."""
MOST_REPLICATES = 20_000
REMEDY = "Submit the record again: python -m reports submit."


@dataclass(frozen=True)
class ImageValues:
    """Values of single images."""

    values: Mapping[str, Mapping[str, float]] = field(default_factory=dict)
    """Metric -> id -> value, nan where undefined."""

    @property
    def ids(self) -> frozenset[str]:
        """Of all images."""
        return frozenset(one for by_id in self.values.values() for one in by_id)

    def array(self, metric: str) -> Array | None:
        """The values of a metric in the order of the table; None where it has none."""
        found = self.values.get(metric)
        return None if found is None else np.array(list(found.values()), dtype=float)


@dataclass(frozen=True)
class Replicates:
    """Scores in every bootstrap resample of the images."""

    num_images: int = 0
    by_metric: Mapping[str, Array] = field(default_factory=dict)


def read_image_values(folder: Path, record: str) -> ImageValues:
    """per_image.csv of a record; empty where it has none.

    Args:
        folder: The submission.
        record: Path of the record's folder below it.

    Raises:
        ResultError: another head, a line of another form, a value twice, an infinite value.
    """
    place = f"{record}/{PER_IMAGE_TEXT}"
    if not (folder / place).is_file():
        return ImageValues()
    try:
        lines = list(csv.reader(io.StringIO((folder / place).read_text(encoding="utf-8"), newline="")))
    except (ValueError, csv.Error) as error:
        raise refusal(place, "content", expected="CSV", found=str(error), remedy=REMEDY) from error
    if not lines or lines[0] != HEAD:
        found = ",".join(lines[0]) if lines else "nothing"
        raise refusal(place, "first line", expected=",".join(HEAD), found=found, remedy=REMEDY)
    values: dict[str, dict[str, float]] = {}
    for number, line in enumerate(lines[1:], start=2):
        value = _number(line[2]) if len(line) == len(HEAD) else math.inf
        if math.isinf(value):
            raise refusal(
                place, f"line {number}", expected="id,metric,finite number", found=",".join(line), remedy=REMEDY
            )
        one, metric = line[0], line[1]
        check_place(place, f"line {number}, id", one)
        check_text(place, f"line {number}, metric", metric)
        if one in values.setdefault(metric, {}):
            raise refusal(
                place, f"line {number}", expected="one value per image and metric", found=f"{one}, {metric} twice",
                remedy=REMEDY,
            )  # fmt: skip
        values[metric][one] = value
    return ImageValues(values)


def write_image_values(path: Path, table: pd.DataFrame) -> None:
    """Write the columns id, metric and value so that every number is read back exactly."""
    write_text(path, table[HEAD].to_csv(index=False, lineterminator="\n"))


def read_replicates(folder: Path, record: str) -> Replicates:
    """artefacts/bootstrap.json of a record; empty where it has none.

    Raises:
        ResultError: not of the form that the suite writes.
    """
    place = f"{record}/{BOOTSTRAP}"
    if not (folder / place).is_file():
        return Replicates()
    content = read_json(folder, place)
    draws, count, found = content.get("draws"), content.get("num_images"), content.get("replicates")
    good = isinstance(draws, str) and type(count) is int and count > 0 and isinstance(found, dict)
    if not good or set(content) != {"draws", "num_images", "replicates"}:
        expected = "draws, num_images and replicates"
        raise refusal(place, "content", expected=expected, found=", ".join(map(str, content)), remedy=REMEDY)
    check_text(place, "draws", str(draws))
    assert isinstance(count, int)
    assert isinstance(found, dict)
    by_metric: dict[str, Array] = {}
    for metric, values in found.items():
        check_text(place, "metric", str(metric))
        numbers = isinstance(values, list) and all(type(v) in (int, float) and not math.isinf(v) for v in values)
        if not numbers or not 0 < len(values) <= MOST_REPLICATES:
            raise refusal(
                place,
                metric,
                expected=f"1 to {MOST_REPLICATES:,} finite numbers",
                found=type(values).__name__,
                remedy=REMEDY,
            )
        by_metric[metric] = np.array(values, dtype=float)
    return Replicates(count, by_metric)


def write_replicates(path: Path, content: Mapping[str, Any]) -> None:
    """Write the replicates of what the leaderboard shows, six decimals each; those of single classes are left out."""
    kept = {
        metric: [round(float(v), DECIMALS) for v in values]
        for metric, values in content["replicates"].items()
        if "/" not in metric or (metric.partition("/")[2].startswith("evidence:") and "95" not in metric)
    }
    lines = ",\n".join(f" {json.dumps(m)}: {json.dumps(v, separators=(',', ':'))}" for m, v in kept.items())
    head = f'"draws": {json.dumps(content["draws"])}, "num_images": {int(content["num_images"])}'
    write_text(path, f'{{{head}, "replicates": {{\n{lines}\n}}}}\n')


def _number(text: str) -> float:
    """The value of a cell; nan where it is empty, infinity where it is no number."""
    if text == "":
        return math.nan
    try:
        return float(text)
    except ValueError:
        return math.inf
