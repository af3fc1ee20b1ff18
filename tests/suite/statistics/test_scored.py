"""What records say of a score: their estimator's own spread, and never another's."""

from __future__ import annotations

import json
import math
from pathlib import Path

import numpy as np
import pandas as pd
import pytest

from suite.records import Record, read_record, write_record
from suite.rows import Row
from suite.statistics.scored import RecordScores, read_scored

IMAGES = 20


@pytest.fixture
def random() -> np.random.Generator:
    return np.random.default_rng(0)


def record(
    workdir: Path, value: float, *, per_image: np.ndarray, seed: int | None = None, replicates: np.ndarray | None = None
) -> RecordScores:
    """One record of the score f1, with per-image values and, if given, bootstrap replicates."""
    told = Row(
        dataset="llvip", split="test", task="detect", fuser="max", seed=seed, metric="f1", label="F1", unit="fraction",
        value=value, ci_low=value - 0.05, ci_high=value + 0.05, n=IMAGES, higher_is_better=True,
    )  # fmt: skip
    content = Record(
        cell_id=f"detect-{seed}-{value}", task="detect", settings={}, rows=(told,), command="", started="2025"
    )
    frame = pd.DataFrame({"id": [f"{i:02d}" for i in range(IMAGES)], "metric": "f1", "value": per_image})
    artefacts = workdir / f"artefacts-{seed}"
    artefacts.mkdir(parents=True)
    if replicates is not None:
        stored = {"draws": "same", "num_images": IMAGES, "replicates": {"f1": replicates.tolist()}}
        (artefacts / "bootstrap.json").write_text(json.dumps(stored), encoding="utf-8")
    return RecordScores(read_record(write_record(workdir, content, per_image=frame, artefacts=artefacts)))


def test_per_image_values_stand_behind_a_score_only_where_their_mean_is_the_score(
    tmp_path: Path, random: np.random.Generator
) -> None:
    values = random.uniform(0.8, 1.0, IMAGES)
    mean = read_scored([record(tmp_path / "a", float(values.mean()), per_image=values)], "f1")
    whole = read_scored([record(tmp_path / "b", 0.86, per_image=values)], "f1")
    assert mean is not None
    assert mean.images is not None
    assert whole is not None
    assert whole.images is None
    assert whole.interval == (pytest.approx(0.81), pytest.approx(0.91))


def test_one_training_keeps_the_interval_of_its_record_and_several_widen_it(
    tmp_path: Path, random: np.random.Generator
) -> None:
    values, moved = random.uniform(0.8, 1.0, IMAGES), random.normal(0, 0.01, 300)
    records = [
        record(tmp_path, value, per_image=values, seed=seed, replicates=value + moved)
        for seed, value in enumerate((0.80, 0.84, 0.88))
    ]
    one, three = read_scored(records[:1], "f1"), read_scored(records, "f1")
    assert one is not None
    assert three is not None
    assert one.interval == (pytest.approx(0.75), pytest.approx(0.85))
    low, high = three.interval
    assert three.value == pytest.approx(0.84)
    assert low < 0.80 < 0.88 < high
    assert three.seeds == (0, 1, 2)


def test_an_undefined_training_does_not_swallow_the_mean(tmp_path: Path, random: np.random.Generator) -> None:
    values = random.uniform(0.8, 1.0, IMAGES)
    records = [record(tmp_path, 0.8, per_image=values, seed=0), record(tmp_path, math.nan, per_image=values, seed=1)]
    scored = read_scored(records, "f1")
    assert scored is not None
    assert scored.value == pytest.approx(0.8)
    assert math.isnan(scored.spread)


def test_a_metric_that_no_record_has_has_no_score(tmp_path: Path, random: np.random.Generator) -> None:
    assert read_scored([record(tmp_path, 0.8, per_image=random.uniform(size=IMAGES))], "vif") is None
