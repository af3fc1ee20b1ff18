"""The result record: what is written is read back, and what another version wrote is refused."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from suite.errors import ResultError
from suite.records import Record, Row, read_record, rows_table, write_record


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    row = Row(
        dataset="llvip", split="test", task="detect", fuser="diffif", variant="no-prior", protocol="frozen-visible",
        seed=1, metric="map50", label="mAP50", unit="fraction", value=0.5, higher_is_better=True,
    )  # fmt: skip
    record = Record(
        cell_id="detect-0", task="detect", settings={"epochs": 1}, rows=(row,), command="python -m downstream.detect",
        started="2025-01-01T00:00:00Z", primary="map50",
    )  # fmt: skip
    return write_record(tmp_path, record, per_image=None)


def test_variant_and_protocol_are_two_columns_of_the_tidy_table(folder: Path) -> None:
    (line,) = rows_table([read_record(folder)]).to_dict("records")
    assert (line["variant"], line["protocol"], line["seed"]) == ("no-prior", "frozen-visible", 1)
    assert (line["label"], line["unit"], line["primary"]) == ("mAP50", "fraction", "map50")


def test_a_record_of_an_older_schema_is_refused_with_the_remedy(folder: Path) -> None:
    source = folder / "result.json"
    content = json.loads(source.read_text(encoding="utf-8"))
    source.write_text(json.dumps({**content, "schema": 1}), encoding="utf-8")
    with pytest.raises(ResultError, match=r"result schema 1, expected 2.*Delete the folder .* run the cell again"):
        read_record(folder)


def row(**given: object) -> Row:
    told = {"dataset": "llvip", "split": "test", "task": "detect", "fuser": "max", "metric": "f1", "label": "F1"}
    return Row(**{**told, "unit": "fraction", "higher_is_better": True, "n": 40, **given})


def test_an_interval_that_does_not_contain_its_value_is_refused() -> None:
    with pytest.raises(ResultError, match=r"interval \[0\.873, 0\.912\] of f1 does not contain its value 0\.86"):
        row(value=0.860, ci_low=0.873, ci_high=0.912)


def test_a_score_without_interval_needs_a_reason() -> None:
    with pytest.raises(ResultError, match="neither an interval nor a reason"):
        row(value=0.86)
    assert row(value=0.86, no_interval="one image set").no_interval == "one image set"
    assert row(value=1.0).no_interval == "all images score 1: how far others would scatter is unknown"
    assert row(value=0.86, n=1).no_interval == "fewer than two images"
    assert row(value=20.0, unit="ms", metric="ms/480x640").no_interval == "a fact, not a score averaged over images"
    assert row(value=float("nan")).no_interval == ""
