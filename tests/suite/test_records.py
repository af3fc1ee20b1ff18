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
