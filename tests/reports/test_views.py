from __future__ import annotations

import json
import re
from dataclasses import replace
from pathlib import Path

import pytest

from reports.ablation import ablation_tables, families
from reports.board_tables import class_table, leaderboard
from reports.boards import build_boards
from reports.changes import compare, difference_table
from reports.collect import collect
from reports.figures import class_heat_map
from reports.gallery import build_gallery
from reports.page import build_report, render
from reports.relations import correlations
from reports.verdict import verdict
from reports.views import build_views
from suite.latex import escape_latex


def _text(finding) -> str:
    return "".join(span.text for span in finding.spans)


@pytest.fixture(scope="module")
def collection(full_workdir: Path):
    return collect(full_workdir)


def test_the_verdict_calls_a_lead_noise_exactly_where_the_test_does(collection) -> None:
    board = next(b for b in build_boards(collection) if b.context.task == "segment")
    finding = next(f for f in verdict([board]))
    best, *others = board.ordered("miou")
    tests = board.tests["miou"]
    text = _text(finding)
    assert text.startswith(f"{best} has the highest mIoU")
    tested = [o for o in others if tests.tested(best, o)]
    assert set(others) - set(tested) == {"max"}, "one of its two trainings is missing"
    beaten = [o for o in tested if tests.better(best, o)]
    assert beaten
    assert f"significantly better than {len(beaten)} of {len(tested)}" in text
    noise = text.partition("Its lead over ")[2]
    assert all((f"{o} (" in noise) == (o not in beaten) for o in tested)


def test_the_evidence_verdict_names_what_each_source_loses(collection) -> None:
    board = next(b for b in build_boards(collection) if b.context.task == "detect")
    text = next(_text(f) for f in verdict([board]) if f.topic.startswith("By evidence"))
    lost = board.scores["visible", "map50/evidence:infrared"].value
    assert f"visible alone: {100 * lost:.1f} % mAP50 on what only infrared shows" in text


def test_sources_are_shown_but_not_ranked_in_quality(collection) -> None:
    board = next(b for b in build_boards(collection) if b.context.task == "quality")
    table = leaderboard(board)
    rows = {row.head: row for row in table.rows}
    assert rows["visible"].cells[0].text == "–"
    assert not any(cell.best or cell.second for cell in rows["visible"].cells)
    assert rows["diffif"].cells[0].text == "1"


def test_the_cost_told_beside_quality_is_shown_but_judges_nothing(collection) -> None:
    board = next(b for b in build_boards(collection) if b.context.task == "quality")
    assert {"ms", "parameters"} <= set(board.metrics)
    assert not {"ms", "parameters"} & set(board.judged)
    (finding,) = verdict([board])
    assert "over all 8 metrics" in _text(finding)
    assert "Parameters" not in _text(finding)
    assert not any(board.ties_best(source, metric) for source in ("visible", "infrared") for metric in board.metrics)


def test_lower_is_better_turns_best_and_sorting_round(collection) -> None:
    board = next(b for b in build_boards(collection) if b.context.task == "quality")
    table = leaderboard(board)
    place = [column.key for column in table.columns].index("mse")
    assert table.columns[place].arrow == "↓"
    values = {row.head: row.cells[place].value for row in table.rows if row.head not in ("visible", "infrared")}
    best = next(row.head for row in table.rows if row.cells[place].best)
    assert values[best] == min(values.values())


def test_a_missing_method_is_shown_as_missing_and_sorts_last(fabricator) -> None:
    fabricator.quality("average")
    fabricator.quality("max")
    fabricator.detect("average", seed=0)
    boards = build_boards(collect(fabricator.workdir))
    table = leaderboard(next(b for b in boards if b.context.task == "detect"))
    row = next(row for row in table.rows if row.head == "max")
    assert row.missing
    assert {cell.text for cell in row.cells} == {"missing"}
    assert {cell.sort_key for cell in row.cells} == {""}


def test_ablation_shows_the_difference_to_full_and_finds_the_planted_effect(collection) -> None:
    assert list(families(collection)) == ["diffif"]
    assert families(collection)["diffif"][:2] == ["diffif · no-prior", "diffif · no-search"]
    ((table, findings),) = ablation_tables(collection)
    full, no_prior, *_ = table.rows
    place = [column.key for column in table.columns].index("llvip-test-quality/vif")
    board = next(
        b for b in build_boards(collection, methods=["diffif", "diffif · no-prior"]) if b.context.task == "quality"
    )
    expected = board.scores["diffif · no-prior", "vif"].value - board.scores["diffif", "vif"].value
    assert no_prior.cells[place].value == pytest.approx(expected)
    assert no_prior.cells[place].worse
    assert full.cells[place].value == board.scores["diffif", "vif"].value
    assert "significantly worse in" in _text(findings[0])
    assert "The prior helps" in _text(findings[0])
    assert "The search" not in _text(findings[1])


def test_settings_after_an_at_sign_are_variants_of_the_plain_fuser(fabricator) -> None:
    for fuser in ("diffif", "diffif@steps=1", "diffif@weights=small-mif", "average"):
        fabricator.quality(fuser)
    collection = collect(fabricator.workdir)
    assert families(collection) == {"diffif": ["diffif@steps=1"]}
    assert "diffif@steps=1" in build_boards(collection)[0].methods


def test_the_ablation_tells_two_splits_of_a_dataset_apart(fabricator) -> None:
    for split in ("val", "test"):
        for variant in ("full", "no-prior"):
            fabricator.quality("diffif", split=split, variant=variant)
    ((table, findings),) = ablation_tables(collect(fabricator.workdir))
    assert {column.group for column in table.columns} == {"LLVIP", "LLVIP val"}
    assert "on LLVIP val (" in _text(findings[0])


def test_metric_correlation_needs_five_fusers(full_workdir: Path, fabricator) -> None:
    boards = build_boards(collect(full_workdir))
    quality = next(b for b in boards if b.context.task == "quality")
    detect = next(b for b in boards if b.context.task == "detect")
    assert {n for *_, n in correlations(quality, detect)} == {6}
    for fuser in ("average", "max"):
        fabricator.quality(fuser)
        fabricator.detect(fuser, seed=0)
    few = build_boards(collect(fabricator.workdir))
    assert correlations(few[1], few[0]) == []


def test_the_gallery_embeds_each_picture_once_and_keeps_to_its_budget(collection) -> None:
    gallery = build_gallery(collection)
    assert len(set(gallery.pictures)) == len(gallery.pictures)
    (shown,) = gallery.sets
    assert len(shown["pairs"]) == 4
    assert set(shown["pairs"][0]["fused"]) == set(shown["methods"])
    assert shown["pairs"][0]["maskTruth"] is not None
    small = build_gallery(collection, budget=1)
    assert len(small.sets[0]["pairs"]) == 1
    assert small.omitted == 3


def test_the_gallery_orders_pairs_from_worst_to_best(collection) -> None:
    (shown,) = build_gallery(collection).sets
    order = next(o for o in shown["orders"] if o["label"] == "VIF")
    images = collection.per_image
    ids = [pair["id"] for pair in shown["pairs"]]
    rows = images[(images["method"] == "diffif") & (images["metric"] == "vif") & images["id"].isin(ids)]
    values = rows.set_index("id")["value"]
    ranked = [values[ids[i]] for i in order["methods"]["diffif"]["order"]]
    assert ranked == sorted(ranked)


def test_the_same_folder_twice_differs_in_nothing(collection) -> None:
    comparison = compare(collection, collection)
    assert (comparison.moved, comparison.added, comparison.removed, comparison.settings) == ((), (), (), ())
    assert comparison.num_same > 100
    assert difference_table(comparison) is None


def test_a_diff_shows_what_moved_came_and_went(tmp_path: Path, fabricator) -> None:
    old = type(fabricator)(tmp_path / "old")
    old.quality("average")
    old.quality("max")
    old.detect("average", seed=0)
    fabricator.quality("average", images=40)
    fabricator.quality("laplacian")
    fabricator.detect("average", seed=0)
    built = build_report(fabricator.workdir, diff=old.workdir)
    assert re.fullmatch(r"\d+ numbers same, 8 changed, 10 new, 10 gone, 0 settings changed", built.changes)
    html = built.page.read_text(encoding="utf-8")
    assert "Changes since old" in html
    assert (fabricator.workdir / "report" / "tables" / "changes.csv").is_file()


def test_names_from_records_cannot_break_out_of_the_page(fabricator) -> None:
    nasty = "</script><b>&"
    fabricator.quality(nasty)
    fabricator.quality("average")
    fabricator.detect(nasty, seed=0, gallery=1)
    html = render(build_views(collect(fabricator.workdir)))
    assert "<b>&" not in html
    assert html.count("</script>") == html.count("<script")
    data = re.search(r'id="gallery-data">(.*?)</script>', html, flags=re.DOTALL).group(1)
    assert json.loads(data)["sets"][0]["methods"] == [nasty]
    assert escape_latex("a_b&c") == r"a\_b\&c"


def test_one_method_alone_gives_a_page_that_compares_nothing(fabricator) -> None:
    fabricator.quality("average")
    html = render(build_views(collect(fabricator.workdir)))
    assert "nothing to compare yet" in html


def test_scores_by_class_are_shown_for_two_classes_and_not_for_one(collection) -> None:
    board = next(b for b in build_boards(collection) if b.context.task == "detect")
    assert board.class_metrics == ["ap50/person", "ap50/car", "ap50/bicycle"]
    assert class_table(board) is not None
    of_one = replace(board, metrics=tuple(m for m in board.metrics if m not in board.class_metrics[1:]))
    assert class_table(of_one) is None
    assert class_heat_map(of_one, collection) is None
