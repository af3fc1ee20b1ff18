"""What a section shows beside its table: curves, matrices, costs, doses, pictures; and the answer above them all."""

from __future__ import annotations

import json
import re
from pathlib import Path

import pytest

from reports.answer import answer, main_board
from reports.board_tables import leaderboard, subset_table
from reports.boards import Board, build_boards
from reports.collect import collect
from reports.confusion import confusion_matrices, object_counts
from reports.costs import cost_table
from reports.doses import dose_curves
from reports.page import build_report, render
from reports.strip import build_strip
from reports.training import training_curves
from reports.views import build_views


@pytest.fixture(scope="module")
def collection(full_workdir: Path):
    return collect(full_workdir)


def board_of(task: str, collection) -> Board:
    return next(b for b in build_boards(collection) if b.context.task == task)


def answered(workdir: Path) -> str:
    return "".join(span.text for span in answer(build_boards(collect(workdir))))


def test_the_first_sentence_names_the_best_its_interval_and_what_may_be_chance(collection) -> None:
    boards = build_boards(collection)
    board = main_board(boards)
    assert board.context.task == "detect"
    text = "".join(span.text for span in answer(boards))
    score = board.scores["diffif", "map50"]
    interval = rf"\[{100 * score.low:.1f}, {100 * score.high:.1f}\]"
    assert re.match(rf"diffif gives the best mAP50 on LLVIP: {100 * score.value:.1f} % {interval}; ", text)
    tied = [m for m in board.ordered("map50")[1:] if board.ties_best(m, "map50")]
    assert all(f"{m} (" in text for m in tied[:3])
    assert text.endswith("may be chance." if tied else ".")


def test_with_one_seed_the_first_sentence_says_that_nothing_is_proven(fabricator) -> None:
    for fuser in ("average", "max"):
        fabricator.detect(fuser, seed=0)
    text = answered(fabricator.workdir)
    assert "one training cannot tell a method from its luck, so nothing is proven" in text
    html = render(build_views(collect(fabricator.workdir)))
    assert "significantly better" not in html
    assert "≈</span>" not in html


def test_where_all_score_alike_nobody_is_called_best(fabricator) -> None:
    for fuser in ("average", "max"):
        for seed in (0, 1):
            fabricator.detect(fuser, seed=seed)
    for source in (fabricator.workdir / "cells").glob("*/result.json"):
        content = json.loads(source.read_text(encoding="utf-8"))
        for row in content["rows"]:
            row.update(value=0.0, ci_low=float("nan"), ci_high=float("nan"), no_interval="all alike")
        source.write_text(json.dumps(content), encoding="utf-8")
    text = answered(fabricator.workdir)
    assert text == "All 2 methods have the same mAP50 on LLVIP: 0.0 %; nothing can be told apart."


def test_curves_matrices_and_costs_are_drawn_from_what_the_records_bring(collection) -> None:
    detect, segment = board_of("detect", collection), board_of("segment", collection)
    drawn = training_curves(detect, collection)
    assert drawn is not None
    assert "diffif" in drawn.alt
    assert "after epoch 10" in drawn.alt
    assert training_curves(segment, collection) is None
    matrices = confusion_matrices(segment, collection)
    assert matrices is not None
    assert "Worst class: " in matrices.alt
    counts = object_counts(detect, collection)
    assert counts is not None
    images = collection.images_in(detect.context)
    missed = images[(images["method"] == "diffif") & (images["metric"] == "fn")].groupby("seed")["value"].sum().mean()
    assert re.search(rf"diffif: \d+ found, {missed:.0f} missed, \d+ false alarms", counts.alt)
    table = cost_table(detect, collection)
    assert table is not None
    assert [c.key for c in table.columns] == ["ms", "parameters"]


def test_a_number_that_was_never_measured_is_a_dash_and_missing_in_csv(fabricator) -> None:
    for fuser in ("average", "folder:theirs"):
        fabricator.quality(fuser)
    folder = next(p for p in (fabricator.workdir / "cells").iterdir() if "theirs" in (p / "result.json").read_text())
    content = json.loads((folder / "result.json").read_text(encoding="utf-8"))
    for row in content["rows"]:
        if row["metric"] in ("ms", "parameters"):
            row["value"] = float("nan")
    (folder / "result.json").write_text(json.dumps(content), encoding="utf-8")
    built = build_report(fabricator.workdir)
    csv = (built.page.parent / "tables" / "leaderboard-llvip-test-quality.csv").read_text(encoding="utf-8")
    assert re.search(r"^folder:theirs,ms,,,,,false,false,false,true,$", csv, flags=re.MULTILINE)
    assert "nan" not in csv
    assert 'title="not measured, or undefined for these images">–</span>' in built.page.read_text(encoding="utf-8")


def test_doses_of_a_variant_are_drawn_as_a_curve(collection) -> None:
    (drawing,) = dose_curves(collection)
    assert drawing.title == "diffif: prior-weight"
    assert re.match(r"Score of diffif over prior-weight\. .*0\.5: [\d.]+.*2: [\d.]+.*8: [\d.]+", drawing.alt)


def test_the_strip_shows_the_same_crop_of_every_method_sources_first(collection) -> None:
    board = board_of("detect", collection)
    strip = build_strip(collection, board.context, board.methods)
    assert strip is not None
    names = [picture.name for picture in strip.pictures]
    assert names[:2] == ["visible", "infrared"]
    assert names[2:] == [m for m in board.methods if m not in ("visible", "infrared")]
    assert all(0 <= edge <= 100 for picture in strip.pictures for box in picture.boxes for edge in box)
    assert "detectors find the object that it shows" in strip.caption


def test_tables_of_an_earlier_report_are_removed_and_files_of_others_stay(fabricator) -> None:
    fabricator.quality("average")
    fabricator.detect("average", seed=0)
    tables = build_report(fabricator.workdir).page.parent / "tables"
    (tables / "mine.csv").write_text("a,b\n", encoding="utf-8")
    for cell in (fabricator.workdir / "cells").glob("detect-*"):
        (cell / "result.json").unlink()
    built = build_report(fabricator.workdir)
    assert {p.name for p in tables.iterdir()} == {*(p.name for p in built.tables), "mine.csv"}
    assert not any("detect" in p.name for p in tables.iterdir())


def test_hostile_names_stay_inert_everywhere(fabricator) -> None:
    names = ("=HYPERLINK(1)", "$\\frac$", "<img src=x onerror=alert(1)>", "a\nb{}%")
    for name in names:
        fabricator.quality(name)
        fabricator.detect(name, seed=0, gallery=1)
    built = build_report(fabricator.workdir)
    html = built.page.read_text(encoding="utf-8")
    assert "<img src=x" not in html
    for path in built.tables:
        text = path.read_text(encoding="utf-8")
        if path.suffix == ".csv":
            assert not re.search(r'^"?[=+@-]', text, flags=re.MULTILINE), path
        else:
            assert r"\frac" not in text
            assert "=HYPERLINK(1) &" in text


def test_a_gallery_cannot_reach_outside_its_record(fabricator, tmp_path: Path) -> None:
    cell = fabricator.workdir / "cells" / fabricator.detect("average", seed=0, gallery=2)
    gallery = cell / "artefacts" / "gallery"
    (tmp_path / "secret.jpg").write_bytes((next(gallery.glob("*.fused.jpg"))).read_bytes())
    source = gallery / "gallery.json"
    entries = json.loads(source.read_text(encoding="utf-8"))
    entries[0]["fused"] = str(tmp_path / "secret.jpg")
    source.write_text(json.dumps([*entries, {"id": 3}, "text"]), encoding="utf-8")
    views = build_views(collect(fabricator.workdir))
    (shown,) = views.gallery.sets
    assert [bool(pair["fused"]) for pair in shown["pairs"]] == [False, True]


def test_a_damaged_artefact_costs_its_figure_and_nothing_else(fabricator) -> None:
    cell = fabricator.workdir / "cells" / fabricator.detect("average", seed=0, gallery=1)
    for name in ("pr_curve.json", "training.csv", "gallery/gallery.json"):
        (cell / "artefacts" / name).write_text("{", encoding="utf-8")
    html = build_report(fabricator.workdir).page.read_text(encoding="utf-8")
    assert "Precision and recall" not in html
    assert "Detection on LLVIP" in html


def test_training_curves_of_sixty_methods_keep_their_panels(fabricator) -> None:
    # matplotlib warns, and warnings are errors here, where the legend leaves no room for the axes.
    for index in range(60):
        fabricator.detect(f"fuser{index:02d}", images=8, seed=0)
    collection = collect(fabricator.workdir)
    (board,) = build_boards(collection)
    assert training_curves(board, collection) is not None


def test_parts_of_the_test_images_have_a_table_and_no_column_of_the_leaderboard(fabricator) -> None:
    for fuser in ("average", "max"):
        for seed in (0, 1):
            fabricator.detect(fuser, seed=seed, subsets=("day", "night"))
    board = board_of("detect", collect(fabricator.workdir))
    table = subset_table(board)
    assert table is not None
    assert [column.text for column in table.columns] == ["mAP50 day [%]", "mAP50 night [%]"]
    assert table.notes == ("Images: day 30, night 30.",)
    assert not any("day" in column.text for column in leaderboard(board).columns)
    assert "By part of the test images" in render(build_views(collect(fabricator.workdir)))


def test_without_parts_there_is_no_such_table(collection) -> None:
    assert subset_table(board_of("detect", collection)) is None
