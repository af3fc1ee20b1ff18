"""The leaderboard: one page from a folder of submissions, nobody twice, nothing raw, ranks as in the report."""

from __future__ import annotations

import json
import re
import shutil
from html.parser import HTMLParser
from pathlib import Path

import pytest

from reports.boards import build_boards
from reports.collect import collect
from reports.standings.page import build_leaderboard
from reports.standings.pareto import front_of
from suite.errors import ResultError
from tests.reports.submissions.conftest import change_json, change_manifest, record_of


def page_of(results: Path, tmp_path: Path) -> str:
    return build_leaderboard(results, tmp_path / "site").page.read_text(encoding="utf-8")


def rows_of(page: str, table: str) -> list[list[str]]:
    body = page.partition(f'id="{table}"')[2].partition("<tbody>")[2].partition("</tbody>")[0]
    lines = []
    for line in body.split("</tr>")[:-1]:
        cells = re.split(r"<t[hd][^>]*>", line)[1:]
        lines.append([re.sub(r"<[^>]+>", " ", cell).split()[0] for cell in cells])
    return lines


def test_ranks_are_those_of_the_report_over_the_same_records(results: Path, tmp_path: Path) -> None:
    page = page_of(results, tmp_path)
    for board in build_boards(collect(tmp_path / "work")):
        if board.ranking is None:
            continue
        tests = board.tests[board.ranking]
        shown = {line[0]: line[1] for line in rows_of(page, f"leaderboard-{board.context.slug}")}
        expected = {m: str(tests.rank(m)) if m in board.contestants else "–" for m in board.methods}
        assert shown == expected
        assert len(set(expected.values())) > 1


def test_the_page_is_one_file_that_loads_nothing(results: Path, tmp_path: Path) -> None:
    page = page_of(results, tmp_path)
    assert "default-src 'none'" in page
    links: list[str] = []

    class Links(HTMLParser):
        def handle_starttag(self, tag: str, attributes: list[tuple[str, str | None]]) -> None:
            links.extend(value or "" for name, value in attributes if name in ("href", "src", "xlink:href"))

    Links().feed(page)
    assert [link for link in links if not link.startswith(("#", "data:", "tables/"))] == []
    assert [link for link in links if link.startswith("tables/") and not (tmp_path / "site" / link).is_file()] == []
    anchors = set(re.findall(r' id="([^"]+)"', page))
    assert [link for link in links if link.startswith("#") and link[1:] not in anchors] == []


def test_filters_know_year_parameters_and_time_of_every_method(results: Path, tmp_path: Path) -> None:
    page = page_of(results, tmp_path)
    data = json.loads(re.search(r'id="methods-data">(.*?)</script>', page, flags=re.DOTALL)[1])
    assert {name: facts["year"] for name, facts in data.items()} == {
        "average": 1990, "gff": 2010, "laplacian": 2000, "visible": None,
    }  # fmt: skip
    assert data["gff"]["parameters"] == 2e6
    assert data["gff"]["ms"] == pytest.approx(12.0)
    for facts in data.values():
        assert f'data-method="{facts["place"]}"' in page
    assert {"detect", "quality", "cost"} <= set(re.findall(r'data-task="(\w+)"', page))


def test_text_of_strangers_is_escaped_even_where_the_checks_would_miss_it(
    results: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    change_manifest(results / "gff", paper='"><b onmouseover=alert(1)>', remarks="=1+1")
    with pytest.raises(ResultError, match=r"gff/submission\.yaml: paper"):
        page_of(results, tmp_path)
    monkeypatch.setattr("reports.submissions.manifest.check_text", lambda *_: None)
    page = page_of(results, tmp_path)
    assert "<b onmouseover" not in page
    assert "&lt;b onmouseover" in page


def test_all_refusals_are_listed_at_once(results: Path, tmp_path: Path) -> None:
    change_manifest(results / "gff", licence="")
    (results / "average" / "run.sh").write_text("rm -rf /")
    with pytest.raises(ResultError) as refused:
        page_of(results, tmp_path)
    assert "2 of 4 submissions" in str(refused.value)
    assert "average/run.sh: file" in str(refused.value)
    assert "gff/submission.yaml: licence" in str(refused.value)
    assert not (tmp_path / "site").exists()


def test_a_method_name_is_taken_once(results: Path, tmp_path: Path) -> None:
    change_manifest(results / "gff", method="La-Placian")
    with pytest.raises(
        ResultError, match=r"laplacian/submission.yaml: method: expected a name that no other .* in gff"
    ):
        page_of(results, tmp_path)


def test_the_same_records_under_two_names_are_refused(results: Path, tmp_path: Path) -> None:
    shutil.copytree(results / "gff", results / "better")
    change_manifest(results / "better", method="better")
    with pytest.raises(
        ResultError, match=r"records and images: expected those of one method, found the same as in better"
    ):
        page_of(results, tmp_path)


def test_a_submission_does_not_say_what_a_metric_is(results: Path, tmp_path: Path) -> None:
    change_json(record_of(results / "gff", "cost"), lambda c: c["rows"][1].update(higher_is_better=True))
    with pytest.raises(ResultError, match=r"what ms/480x640 is: expected .*False.*, found .*True"):
        page_of(results, tmp_path)


def test_an_empty_folder_says_how_to_submit(tmp_path: Path) -> None:
    with pytest.raises(ResultError, match=r"no submissions in .*python -m reports submit WORKDIR"):
        build_leaderboard(tmp_path, tmp_path / "site")


def test_the_front_holds_whom_nobody_beats_in_both() -> None:
    points = {"a": (1.0, 0.5), "b": (2.0, 0.4), "c": (2.0, 0.7), "d": (3.0, 0.7), "e": (9.0, 0.8)}
    assert front_of(points) == ["a", "c", "e"]
