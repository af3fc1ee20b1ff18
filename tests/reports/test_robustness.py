"""Corrupted records: curves and losses of their own, and no place among the clean ones."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from reports.boards import build_boards
from reports.collect import collect
from reports.page import build_report
from reports.robustness import find_curves, robustness_items
from reports.tables import Table
from reports.views import build_views
from tests.reports.conftest import Fabricator

SHIFT, NOISE = "infrared.shift", "both.noise"


@pytest.fixture
def corrupted(fabricator: Fabricator) -> Path:
    for fuser in ("visible", "average", "diffif"):
        fabricator.quality(fuser)
        fabricator.detect(fuser, seed=0, protocol="retrain", gallery=2)
        for axis, severity in ((NOISE, 25), (SHIFT, 2), (SHIFT, 4)):
            for make in (fabricator.quality, fabricator.detect):
                more = {"seed": 0, "protocol": "retrain"} if make == fabricator.detect else {}
                cell = make(fuser, condition=f"{axis}:{severity}", **more)
                mark(fabricator.workdir / "cells" / cell / "result.json", axis, severity)
    return fabricator.workdir


def mark(path: Path, axis: str, severity: float) -> None:
    """State the condition in every row, as a corrupted cell does."""
    content = json.loads(path.read_text())
    for row in content["rows"]:
        row |= {"condition": f"{axis}:{severity}", "axis": axis, "severity": severity}
    path.write_text(json.dumps(content))


def test_misregistration_comes_first_and_the_clean_pair_is_severity_zero(corrupted: Path) -> None:
    collection = collect(corrupted)
    curves = find_curves(build_boards(collection), collection)
    assert [curve.axis for curve in curves[:5]] == [SHIFT] * 5
    assert {curve.axis for curve in curves[5:]} == {NOISE}
    assert [severity for severity, _ in curves[0].boards] == [0, 2, 4]
    # Metrics of the fused image alone take noise for detail.
    assert not {"en", "sd"} & {curve.metric for curve in curves}


def test_corrupted_cells_have_no_board_no_gallery_and_no_part_in_the_verdict(corrupted: Path) -> None:
    views = build_views(collect(corrupted))
    slugs = [section.slug for section in views.sections]
    assert [slug for slug in slugs if "shift" in slug or "noise" in slug] == []
    assert slugs.count("robustness") == 1
    clean = {cell for cell, record in collect(corrupted).records.items() if not record.rows[0].condition}
    assert {record for span in views.answer for record in span.records} <= clean
    assert len(views.cards) == 24
    assert sum(SHIFT in card.title for card in views.cards) == 12


def test_the_table_of_losses_compares_every_condition_with_the_clean_pairs(corrupted: Path) -> None:
    collection = collect(corrupted)
    tables = [item for item in robustness_items(build_boards(collection), collection) if isinstance(item, Table)]
    table = next(table for table in tables if table.slug.endswith("-vif"))
    assert [(column.group, column.text) for column in table.columns[1:]] == [(SHIFT, "2"), (SHIFT, "4"), (NOISE, "25")]
    row = next(row for row in table.rows if row.head == "average")
    clean, first = row.cells[0], row.cells[1]
    condition = collection.records[first.records[0]].rows[0].condition
    values = [r.value for r in collection.records[first.records[0]].rows if r.metric == "vif"]
    assert condition == f"{SHIFT}:2"
    assert first.value == pytest.approx(values[0] / clean.value - 1)
    assert first.low < first.value < first.high
    assert set(clean.records) < set(first.records)


def test_a_page_without_corruption_has_no_such_section(full_workdir: Path) -> None:
    assert "robustness" not in [section.slug for section in build_views(collect(full_workdir)).sections]


def test_where_only_corrupted_cells_exist_they_are_shown_without_losses(fabricator: Fabricator) -> None:
    for fuser in ("average", "diffif"):
        for severity in (2, 4):
            cell = fabricator.quality(fuser, condition=f"{SHIFT}:{severity}")
            mark(fabricator.workdir / "cells" / cell / "result.json", SHIFT, severity)
    views = build_views(collect(fabricator.workdir))
    items = next(section.items for section in views.sections if section.slug == "robustness")
    assert [isinstance(item, Table) for item in items] == [False]
    assert build_report(fabricator.workdir).page.is_file()


def test_a_score_that_no_corrupted_cell_has_gets_no_table(corrupted: Path) -> None:
    for path in corrupted.glob("cells/quality-*/result.json"):
        content = json.loads(path.read_text())
        if content["rows"][0].get("condition"):
            content["rows"] = [row for row in content["rows"] if row["metric"] != "vif"]
            path.write_text(json.dumps(content))
    collection = collect(corrupted)
    slugs = [item.slug for item in robustness_items(build_boards(collection), collection)]
    assert not any(slug.endswith("-vif") for slug in slugs)
    assert any(slug.endswith("-qabf") for slug in slugs)
