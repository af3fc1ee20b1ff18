"""A number in the page, in the CSV and in the LaTeX is followed back to the record it came from."""

from __future__ import annotations

import csv
import json
import math
import re
import shutil
import subprocess
from html.parser import HTMLParser
from pathlib import Path

import pytest


class _Numbers(HTMLParser):
    def __init__(self) -> None:
        super().__init__()
        self.links: list[dict[str, str]] = []
        self.ids: set[str] = set()
        self.targets: set[str] = set()
        self._open: dict[str, str] | None = None

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        found = {key: value or "" for key, value in attrs}
        if "id" in found:
            assert found["id"] not in self.ids, f"id {found['id']} twice"
            self.ids.add(found["id"])
        if tag == "a" and found.get("href", "").startswith("#"):
            self.targets.add(found["href"][1:])
        if tag == "a" and "number" in found.get("class", "").split():
            self._open = {**found, "text": ""}

    def handle_data(self, data: str) -> None:
        if self._open is not None:
            self._open["text"] += data

    def handle_endtag(self, tag: str) -> None:
        if tag == "a" and self._open is not None:
            self.links.append(self._open)
            self._open = None


@pytest.fixture(scope="module")
def page(report: Path) -> _Numbers:
    parser = _Numbers()
    parser.feed(report.read_text(encoding="utf-8"))
    return parser


def _recorded(workdir: Path, cell: str) -> list[dict[str, float]]:
    return json.loads((workdir / "cells" / cell / "result.json").read_text(encoding="utf-8"))["rows"]


def test_every_table_number_is_the_mean_of_its_records(full_workdir: Path, report: Path) -> None:
    checked = 0
    for path in (report.parent / "tables").glob("leaderboard-*.csv"):
        with path.open(encoding="utf-8", newline="") as lines:
            for line in csv.DictReader(lines):
                if line["column"] == "rank" or line["missing"] == "true":
                    continue
                cells = line["records"].split()
                rows = [r for c in cells for r in _recorded(full_workdir, c) if r["metric"] == line["column"]]
                assert len(rows) == len(cells)
                assert {row["fuser"] for row in rows} == {line["row"]}
                assert float(line["value"]) == pytest.approx(math.fsum(r["value"] for r in rows) / len(rows), rel=1e-12)
                checked += 1
    assert checked > 100


def test_a_number_in_the_page_leads_to_the_card_of_its_record(full_workdir: Path, page: _Numbers) -> None:
    cells = {path.name for path in (full_workdir / "cells").iterdir()}
    assert len(page.links) > 100
    for link in page.links:
        records = link["data-records"].split()
        assert records
        assert set(records) <= cells
        assert link["href"] == f"#record-{records[0]}"


def test_what_is_shown_is_the_rounded_record(full_workdir: Path, page: _Numbers) -> None:
    rows = {}
    for cell in {path.name for path in (full_workdir / "cells").iterdir()}:
        rows[cell] = [row["value"] for row in _recorded(full_workdir, cell)]
    single = [x for x in page.links if len(x["data-records"].split()) == 1 and "data-value" in x]
    traced = 0
    for link in single:
        value = float(link["data-value"])
        if not any(value == row for row in rows[link["data-records"]]):
            continue  # a rank
        shown = float(link["text"].replace("−", "-").replace(",", ""))
        decimals = len(link["text"].partition(".")[2])
        scales = (1, 100, 1e-6, 1e-9, 1 / 2**20)
        assert any(shown == pytest.approx(value * scale, abs=0.5001 * 10**-decimals) for scale in scales), link
        traced += 1
    assert traced > 60


def test_every_link_inside_the_page_has_a_target(page: _Numbers) -> None:
    assert page.targets - page.ids == set()


def test_latex_is_balanced_and_marks_one_best_per_column(report: Path) -> None:
    files = list((report.parent / "tables").glob("*.tex"))
    assert files
    for path in files:
        text = path.read_text(encoding="utf-8")
        plain = re.sub(r"\\[{}]", "", text)
        assert plain.count("{") == plain.count("}"), path
        assert len(re.findall(r"\\begin\{(\w+)\}", text)) == len(re.findall(r"\\end\{(\w+)\}", text))
        body = text[text.index(r"\midrule") : text.index(r"\bottomrule")]
        columns = len(re.search(r"\{tabular\}\{(l r*|lr*)\}", text).group(1)) - 1
        lines = [line for line in body.splitlines() if line.endswith(r"\\")]
        assert all(line.replace(r"\&", "").count("&") == columns for line in lines)
        assert text.isascii()
    board = (report.parent / "tables" / "leaderboard-llvip-test-quality.tex").read_text(encoding="utf-8")
    assert board.count(r"\textbf") == 8  # time and parameters have no direction here
    assert board.count(r"\underline") == 8


def _latex() -> list[str]:
    """The command of a LaTeX that has booktabs; empty where there is none."""
    if shutil.which("tectonic"):
        return ["tectonic"]
    found = shutil.which("pdflatex") and shutil.which("kpsewhich")
    if found and subprocess.run(["kpsewhich", "booktabs.sty"], capture_output=True, check=False).returncode == 0:
        return ["pdflatex", "-interaction=nonstopmode", "-halt-on-error"]
    return []


@pytest.mark.skipif(not _latex(), reason="no LaTeX with booktabs here")
def test_latex_compiles(report: Path, tmp_path: Path) -> None:
    for path in (report.parent / "tables").glob("*.tex"):
        shutil.copy(path, tmp_path)
    inputs = "\n".join(rf"\input{{{p.stem}}}\clearpage" for p in sorted(tmp_path.glob("*.tex")))
    document = rf"\documentclass{{article}}\usepackage{{booktabs}}\begin{{document}}{inputs}\end{{document}}"
    (tmp_path / "all.tex").write_text(document, encoding="utf-8")
    command = [*_latex(), "all.tex"]
    done = subprocess.run(command, cwd=tmp_path, capture_output=True, text=True, timeout=300, check=False)
    assert done.returncode == 0, done.stdout[-2000:]
    assert (tmp_path / "all.pdf").stat().st_size > 1000
