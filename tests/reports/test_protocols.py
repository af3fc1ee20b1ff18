"""Retrained and frozen side by side: places, rank correlation, and scores that do not belong together."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from reports.boards import build_boards
from reports.collect import collect
from reports.page import render
from reports.protocols import protocol_findings, protocol_pairs, protocol_tables
from reports.relations import show_rho
from reports.views import build_views
from suite.statistics.ranking import rank_correlation

FUSERS = ("visible", "infrared", "average", "max", "laplacian", "diffif")
NOTE = "classes by the detector's names: person = person; left out of every score: lamp"


def told(workdir: Path) -> tuple[list, list]:
    collection = collect(workdir)
    boards = build_boards(collection)
    return list(protocol_pairs(boards, collection)), list(protocol_tables(boards, collection))


def change(workdir: Path, protocol: str, key: str, value: str, *, fuser: str = "") -> None:
    """Give records of a protocol another mark: `draws` of the images, or `method` of the fuser."""
    for source in (workdir / "cells").glob("*/result.json"):
        content = json.loads(source.read_text(encoding="utf-8"))
        row = content["rows"][0]
        if row["protocol"] != protocol or (fuser and row["fuser"] != fuser):
            continue
        if key == "draws":
            path = source.parent / "artefacts" / "bootstrap.json"
            found = json.loads(path.read_text(encoding="utf-8"))
            path.write_text(json.dumps({**found, "draws": value}), encoding="utf-8")
        elif key == "note":
            content["notes"] = [*content["notes"], value]
        else:
            content["settings"] = {**content["settings"], "method": {"fingerprint": value}}
        source.write_text(json.dumps(content), encoding="utf-8")


@pytest.fixture
def workdir(fabricator) -> Path:
    for fuser in FUSERS:
        for seed in (0, 1):
            fabricator.detect(fuser, seed=seed, protocol="retrain")
        fabricator.detect(fuser, seed=None, protocol="frozen-model")
    return fabricator.workdir


def test_each_of_two_frozen_setups_is_named(fabricator) -> None:
    many = (*FUSERS, "gff", "rp", "dwt")
    for fuser in many:
        for seed in (0, 1):
            fabricator.detect(fuser, seed=seed, protocol="retrain")
        for side in (320, 640):
            fabricator.detect(fuser, seed=None, protocol="frozen-model", imgsz=side)
    tables = told(fabricator.workdir)[1]
    titles = [table.title for table in tables]
    assert len({table.slug for table in tables}) == 2
    assert sorted(titles) == [f"Retrained and frozen: LLVIP (frozen imgsz={side})" for side in (320, 640)]
    for fuser in many:
        fabricator.quality(fuser)
    views = build_views(collect(fabricator.workdir))
    html, names = render(views), [section.short for section in views.sections]
    for manner in ("retrain", "frozen-model, imgsz=320", "frozen-model, imgsz=640"):
        assert f"Do image metrics predict mAP50? LLVIP ({manner})" in html
        assert f"Detection, LLVIP, {manner}" in names


def test_both_protocols_stand_in_one_table_with_the_correlation_of_their_orders(workdir: Path) -> None:
    change(workdir, "frozen-model", "note", NOTE)
    (pair,), (table,) = told(workdir)
    assert set(pair.shared) == set(FUSERS)
    scores = [[board.scores[m, "map50"].value for m in pair.shared] for board in (pair.retrained, pair.frozen)]
    rho, _ = rank_correlation(*scores)
    assert any(f"rho {show_rho(rho, len(FUSERS))}" in note for note in table.notes)
    assert f"frozen-model: {NOTE}." in table.notes
    assert [group for group, _ in table.groups] == ["retrain", "frozen-model", " "]
    for row in table.rows:
        assert row.cells[0].value == pair.retrained.scores[row.head, "map50"].value
        assert row.cells[4].value == row.cells[1].value - row.cells[3].value
    views = build_views(collect(workdir))
    names = [section.short for section in views.sections]
    assert names[:2] == ["Detection, LLVIP, frozen-model", "Detection, LLVIP, retrain"]
    html = render(views)
    assert "Retrained and frozen: LLVIP" in html
    assert "Does the protocol make the order?" in html


def test_scores_of_other_test_images_are_named_and_not_correlated(workdir: Path) -> None:
    change(workdir, "frozen-model", "draws", "0123456789ab-30-200-seed0")
    (pair,), (table,) = told(workdir)
    assert pair.shared == ()
    assert table.rows == ()
    assert any(
        note.startswith("Not comparable, since the test images or their labels differ: ") for note in table.notes
    )
    collection = collect(workdir)
    assert list(protocol_findings(build_boards(collection), collection)) == []


def test_a_fuser_that_was_changed_between_the_protocols_is_left_out_by_name(workdir: Path) -> None:
    change(workdir, "frozen-model", "method", "new", fuser="diffif")
    change(workdir, "retrain", "method", "old", fuser="diffif")
    (pair,), (table,) = told(workdir)
    assert set(pair.shared) == set(FUSERS) - {"diffif"}
    assert (
        "Not comparable, since the fused images come from other weights or settings of the fuser: diffif."
        in table.notes
    )


def test_one_protocol_alone_makes_no_table(fabricator) -> None:
    for fuser in FUSERS:
        fabricator.detect(fuser, seed=0, protocol="retrain")
    assert told(fabricator.workdir) == ([], [])


def test_a_fuser_with_fewer_trainings_is_named(workdir: Path, fabricator) -> None:
    fabricator.detect("gff", seed=0, protocol="retrain")
    fabricator.detect("gff", seed=None, protocol="frozen-model")
    _, (table,) = told(workdir)
    assert "Fewer trainings than the 2 of the others: gff (1)." in table.notes


def test_with_four_fusers_no_correlation_is_given(fabricator) -> None:
    for fuser in FUSERS[:4]:
        fabricator.detect(fuser, seed=0, protocol="retrain")
        fabricator.detect(fuser, seed=None, protocol="frozen-model")
    _, (table,) = told(fabricator.workdir)
    assert any("no rank correlation is given: it takes 5" in note for note in table.notes)
