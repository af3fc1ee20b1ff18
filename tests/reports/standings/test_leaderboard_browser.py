"""The leaderboard in headless Chromium: what its filters show and hide, by mouse and on a phone."""

from __future__ import annotations

import shutil
from collections.abc import Iterator
from pathlib import Path

import pytest

from reports.standings.page import build_leaderboard

pytestmark = pytest.mark.browser
TABLE = "#leaderboard-synthetic-test-quality"


@pytest.fixture
def opened(results: Path, tmp_path: Path) -> Iterator:
    playwright = pytest.importorskip("playwright.sync_api")
    program = shutil.which("chromium") or shutil.which("chromium-browser") or shutil.which("google-chrome")
    if program is None:
        pytest.skip("no Chromium here; install the package chromium")
    complaints: list[str] = []
    built = build_leaderboard(results, tmp_path / "site").page
    with playwright.sync_playwright() as started:
        browser = started.chromium.launch(executable_path=program, args=["--no-sandbox"])
        page = browser.new_page(viewport={"width": 1280, "height": 900})
        page.set_default_timeout(60_000)
        page.on("console", lambda message: complaints.append(message.text))
        page.on("pageerror", lambda error: complaints.append(str(error)))
        page.on(
            "request", lambda call: None if call.url.startswith(("file:", "data:")) else complaints.append(call.url)
        )
        page.goto(built.resolve().as_uri())
        yield page
        browser.close()
    assert complaints == []


def shown(page) -> list[str]:
    rows = page.locator(f"{TABLE} tbody tr:visible th")
    return sorted(rows.all_inner_texts())


def test_year_speed_and_name_hide_rows_points_and_cards(opened) -> None:
    assert shown(opened) == ["average", "gff", "laplacian", "visible"]
    points = opened.locator("svg [data-method]:visible").count()
    opened.locator("[name=from]").fill("1995")
    # A control has no year, so it is within no bound.
    assert shown(opened) == ["gff", "laplacian"]
    assert opened.locator("svg [data-method]:visible").count() < points
    assert opened.locator("#methods details:visible").count() == 2
    opened.locator("[name=ms]").fill("11.5")
    assert shown(opened) == ["laplacian"]
    assert "1 of 4 methods" in opened.locator("output").inner_text()
    opened.locator("#filters button[type=reset]").click()
    opened.wait_for_function("document.querySelector('output').textContent.startsWith('4 of 4')")
    opened.locator("[name=name]").fill("LAP")
    assert shown(opened) == ["laplacian"]


def test_the_task_chooses_sections(opened) -> None:
    opened.locator("select[name=task]").select_option("detect")
    titles = opened.locator("section[data-task]:visible h2").all_inner_texts()
    assert titles == ["Detection on Synthetic laboratory"]
    assert "1 of 3 sections" in opened.locator("output").inner_text()


def test_a_phone_never_scrolls_sideways(opened) -> None:
    opened.set_viewport_size({"width": 390, "height": 800})
    assert opened.evaluate("document.documentElement.scrollWidth") <= 390
