"""The result record: what is written is read back, and what another version wrote is refused."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from suite.errors import ResultError
from suite.records import Record, read_record, rows_table, write_record
from suite.rows import Row


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


FOREIGN = {
    "a list": b"[1, 2]",
    "bytes that are no text": bytes(range(256)),
    "no bytes": b"",
    "lists within lists": b"[" * 100_000,
    "rows that are no list": b'{"schema": SCHEMA, "rows": {"a": 1}, "notes": []}',
    "rows without a metric": b'{"schema": SCHEMA, "rows": [{"metric": null}], "notes": []}',
    "settings that are none": b'{"schema": SCHEMA, "rows": [], "notes": [], "cell_id": "x", "task": "quality", '
    b'"settings": null, "command": "", "started": ""}',
    "a task that is no text": b'{"schema": SCHEMA, "rows": [], "notes": [], "cell_id": "x", "task": 7, '
    b'"settings": {}, "command": "", "started": ""}',
}


@pytest.mark.parametrize("kind", [*FOREIGN, "a named pipe", "a folder", "a table cut short", "a table that is a pipe"])
def test_foreign_and_damaged_records_are_one_clear_error(tmp_path: Path, kind: str) -> None:
    import os

    from suite.records import PER_IMAGE, SCHEMA_VERSION, read_record

    (tmp_path / "environment.json").write_text("{}")
    source, table = tmp_path / "result.json", tmp_path / PER_IMAGE
    sound = b'{"schema": SCHEMA, "rows": [], "notes": [], "cell_id": "x", "task": "quality", "settings": {}, '
    sound += b'"command": "", "started": ""}'
    if kind == "a named pipe":
        os.mkfifo(source)
    elif kind == "a folder":
        source.mkdir()
    else:
        source.write_bytes(FOREIGN.get(kind, sound).replace(b"SCHEMA", str(SCHEMA_VERSION).encode()))
    if kind == "a table cut short":
        table.write_bytes(b"PAR1 and so on")
    elif kind == "a table that is a pipe":
        os.mkfifo(table)
    with pytest.raises(ResultError, match=str(tmp_path)):
        read_record(tmp_path)
