"""Published tables: read as their toolkits write them, shown beside ours, never ranked; broken ones are refused."""

from __future__ import annotations

import csv
import os
from collections.abc import Mapping, Sequence
from dataclasses import replace
from pathlib import Path

import pytest
import yaml

from diffif.metrics import CONVENTIONS, METRICS
from reports.quoted.sheets import read_sheet
from reports.quoted.toolkits import OTHER_NAMES, TOOLKITS
from reports.standings.page import build_leaderboard
from reports.submissions.writing import write_submission
from suite.errors import ResultError
from tests.reports.submissions.conftest import ABOUT, Maker

SHARED = Path(os.environ.get("DIFFIF_SHARED", Path(__file__).resolve().parents[3] / "shared"))
PUBLISHED = SHARED / "data" / "tno" / "published_metrics"
ABOUT_SHEET = {
    "title": "Metric_TNO.xlsx", "source": "https://github.com/Linfeng-Tang/Image-Fusion", "dataset": "tno",
    "convention": "tang-uint8", "layout": "images",
}  # fmt: skip
EN = [["", "DenseFuse", "IFCNN"], ["01.png", 6.0, 7.0], ["02.png", 7.0, 7.5], ["mean", 6.5, 7.25], ["std", 0.5, 0.25]]
SD = [["", "DenseFuse", "IFCNN"], ["01.png", 40.0, None], ["02.png", 42.0, 50.0]]


def write_home(home: Path, files: Sequence[str], **fields: object) -> Path:
    home.mkdir(parents=True, exist_ok=True)
    (home / "quoted.yaml").write_text(yaml.safe_dump({**ABOUT_SHEET, "files": list(files), **fields}))
    return home


def write_workbook(path: Path, sheets: Mapping[str, Sequence[Sequence[object]]]) -> None:
    openpyxl = pytest.importorskip("openpyxl")
    path.parent.mkdir(parents=True, exist_ok=True)
    book = openpyxl.Workbook()
    for name, lines in sheets.items():
        sheet = book.create_sheet(name)
        for line in lines:
            sheet.append(list(line))
    book.save(path)


def write_csv(path: Path, lines: Sequence[Sequence[object]]) -> None:
    path.parent.mkdir(parents=True, exist_ok=True)
    with path.open("w", newline="") as opened:
        csv.writer(opened).writerows(lines)


def test_a_workbook_with_a_sheet_per_metric_is_read_image_by_image(tmp_path: Path) -> None:
    write_workbook(tmp_path / "q" / "Metric_TNO.xlsx", {"EN": EN, "SD": SD})
    sheet = read_sheet(write_home(tmp_path / "q", ["Metric_TNO.xlsx"]))
    assert sheet.methods == ["DenseFuse", "IFCNN"]
    assert sheet.values["en"]["DenseFuse"].tolist() == [6.0, 7.0]
    assert str(sheet.values["sd"]["IFCNN"].tolist()) == "[nan, 50.0]"


def test_csv_files_named_after_metrics_give_the_same(tmp_path: Path) -> None:
    for name, lines in {"EN": EN, "Avg_gradient": SD}.items():
        write_csv(tmp_path / "q" / f"{name}.csv", lines)
    sheet = read_sheet(write_home(tmp_path / "q", ["EN.csv", "Avg_gradient.csv"]))
    assert sheet.values["en"]["IFCNN"].tolist() == [7.0, 7.5]
    assert list(sheet.values) == ["en", "ag"]


def test_a_table_of_means_is_read_as_printed(tmp_path: Path) -> None:
    write_csv(tmp_path / "q" / "table.csv", [["Method", "EN", "QAB/F"], ["U2Fusion", 6.9, 0.45], ["SDNet", 6.6, 0.44]])
    sheet = read_sheet(write_home(tmp_path / "q", ["table.csv"], layout="means"))
    assert sheet.values["qabf"]["SDNet"].tolist() == [0.44]


def test_toolkits_and_names_are_those_of_the_metrics() -> None:
    assert set(TOOLKITS) <= set(CONVENTIONS)
    assert set(OTHER_NAMES.values()) <= set(METRICS)


BROKEN = {
    "mean": ([*EN[:3], ["mean", 6.9, 7.25]], r"EN: mean of DenseFuse: expected 6\.5000, of its 2 images, found 6\.9"),
    "formula": ([EN[0], ["01.png", "=1+1", 7.0]], r"EN: line 2, DenseFuse: expected a number, found =1\+1"),
    "infinite": ([EN[0], ["01.png", "inf", 7.0]], r"EN: line 2, DenseFuse: expected a number, found inf"),
    "markup": ([["", "<b>Mine</b>"], ["01.png", 6.0]], r"EN: method: expected plain text, found markup '<b'"),
}


@pytest.mark.parametrize("name", BROKEN)
def test_a_broken_sheet_is_refused(name: str, tmp_path: Path) -> None:
    lines, message = BROKEN[name]
    write_csv(tmp_path / "q" / "EN.csv", lines)
    with pytest.raises(ResultError, match=message):
        read_sheet(write_home(tmp_path / "q", ["EN.csv"]))


def test_files_stay_in_their_folder_and_conventions_are_known(tmp_path: Path) -> None:
    with pytest.raises(ResultError, match=r"files: expected a path inside the folder, found '\.\./EN\.csv'"):
        read_sheet(write_home(tmp_path / "q", ["../EN.csv"]))
    with pytest.raises(ResultError, match=r"unknown convention 'tango'\. Did you mean 'tang'"):
        read_sheet(write_home(tmp_path / "q", ["EN.csv"], convention="tango"))
    write_csv(tmp_path / "EN.csv", EN)
    (tmp_path / "q" / "EN.csv").symlink_to(tmp_path / "EN.csv")
    with pytest.raises(ResultError, match=r"EN\.csv is a link"):
        read_sheet(write_home(tmp_path / "q", ["EN.csv"]))


def test_what_is_no_workbook_is_refused(tmp_path: Path) -> None:
    pytest.importorskip("openpyxl")
    home = write_home(tmp_path / "q", ["a.xlsx"])
    (home / "a.xlsx").write_bytes(b"PK\x03\x04 not a zip")
    with pytest.raises(ResultError, match=r"a\.xlsx: content: expected a workbook"):
        read_sheet(home)


def test_the_page_shows_theirs_beside_ours_and_ranks_neither(tmp_path: Path) -> None:
    maker = Maker(tmp_path / "work")
    maker.everything("average")
    write_submission(maker.workdir, replace(ABOUT, year=1980), tmp_path / "results" / "average")
    lines = [["", "U2Fusion"], ["1", 0.9], ["2", 0.8], ["3", 0.99]]
    write_csv(tmp_path / "results" / "quoted" / "paper" / "VIF.csv", lines)
    write_home(tmp_path / "results" / "quoted" / "paper", ["VIF.csv"], dataset="synthetic", convention="standard")
    page = build_leaderboard(tmp_path / "results", tmp_path / "site").page.read_text(encoding="utf-8")
    quoted = page.partition('id="quoted-paper"')[2].partition("</figure>")[0]
    assert "U2Fusion (quoted)" in quoted
    assert "average (measured here)" in quoted
    assert "not ranked" in quoted
    assert "Rank" not in quoted
    assert 'class="number best"' not in quoted
    assert "U2Fusion" not in page.partition('id="quoted"')[0]


@pytest.mark.skipif(not PUBLISHED.is_dir(), reason="needs shared/data")
def test_the_published_sheets_of_tno_are_read(tmp_path: Path) -> None:
    home = write_home(tmp_path / "tno", [path.name for path in sorted(PUBLISHED.glob("*.csv"))])
    for path in PUBLISHED.glob("*.csv"):
        (home / path.name).write_bytes(path.read_bytes())
    sheet = read_sheet(home)
    assert set(sheet.values) == {"sd", "psnr", "mse", "mi", "vif", "ag", "cc", "scd", "en", "qabf", "sf"}
    assert len(sheet.methods) == 9
    assert {len(values) for by_method in sheet.values.values() for values in by_method.values()} == {42}
    with (PUBLISHED / "EN.csv").open() as opened:
        values = [float(line["DenseFuse"]) for line in csv.DictReader(opened)]
    assert sheet.values["en"]["DenseFuse"].mean() == pytest.approx(sum(values) / 42)
