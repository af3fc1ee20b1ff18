from __future__ import annotations

import re
from pathlib import Path

import pytest

from reports.__main__ import main
from reports.page import build_report
from suite.errors import ResultError, WorkdirError


def test_one_command_writes_a_page_and_its_tables(fabricator, capsys: pytest.CaptureFixture[str]) -> None:
    fabricator.quality("average")
    assert main([str(fabricator.workdir)]) == 0
    page = fabricator.workdir / "report" / "index.html"
    assert str(page) in capsys.readouterr().out
    names = {path.name for path in (page.parent / "tables").iterdir()}
    assert {"leaderboard-llvip-test-quality.csv", "leaderboard-llvip-test-quality.tex"} <= names


def test_the_page_asks_for_nothing_outside_itself(report: Path) -> None:
    html = report.read_text(encoding="utf-8")
    assert not re.findall(r"(?:src|href)=[\"']?(?:https?:)?//", html)
    assert "@import" not in html
    assert not re.findall(r"url\((?!#|data:|\"data:)", html)


def test_a_missing_folder_is_an_error_that_says_what_to_run(tmp_path: Path) -> None:
    with pytest.raises(WorkdirError, match=r"python -m downstream\.detect"):
        build_report(tmp_path / "nowhere")


def test_an_empty_folder_is_an_error_that_says_what_to_run(tmp_path: Path) -> None:
    with pytest.raises(ResultError, match="no readable result record"):
        build_report(tmp_path)


def test_a_damaged_record_is_shown_and_does_not_stop_the_rest(fabricator) -> None:
    fabricator.quality("average")
    broken = fabricator.workdir / "cells" / "quality-000000000000"
    broken.mkdir()
    (broken / "result.json").write_text("{", encoding="utf-8")
    html = build_report(fabricator.workdir).page.read_text(encoding="utf-8")
    assert "cannot read the record" in html
