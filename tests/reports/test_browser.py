"""The page in headless Chromium: what a reader does, and what the page must not do."""

from __future__ import annotations

import shutil
from collections.abc import Iterator
from pathlib import Path

import pytest

pytestmark = pytest.mark.browser
ARGUMENTS = [
    "--headless", "--no-sandbox", "--disable-gpu", "--disable-quic", "--no-first-run",
    "--disable-background-networking", "--disable-component-update", "--disable-sync",
]  # fmt: skip
PATIENCE_MS = 60_000


@pytest.fixture(scope="module")
def browser() -> Iterator:
    playwright = pytest.importorskip("playwright.sync_api")
    program = shutil.which("chromium") or shutil.which("chromium-browser") or shutil.which("google-chrome")
    if program is None:
        pytest.skip("no Chromium here; install the package chromium")
    with playwright.sync_playwright() as started:
        found = started.chromium.launch(executable_path=program, args=ARGUMENTS)
        yield found
        found.close()


@pytest.fixture
def complaints() -> list[str]:
    return []


@pytest.fixture
def opened(browser, report: Path, complaints: list[str]) -> Iterator:
    context = browser.new_context(viewport={"width": 1280, "height": 900}, color_scheme="light")
    context.set_default_timeout(PATIENCE_MS)
    page = context.new_page()
    page.on(
        "console", lambda message: complaints.append(message.text) if message.type in ("error", "warning") else None
    )
    page.on("pageerror", lambda error: complaints.append(str(error)))
    page.on(
        "request", lambda call: None if call.url.startswith(("file:", "data:")) else complaints.append(call.url[:200])
    )
    page.goto(report.resolve().as_uri())
    page.wait_for_selector("#g-under .layer", state="attached")
    yield page
    context.close()
    assert complaints == []


def _column(page, table: str, place: int) -> list[str]:
    return page.eval_on_selector_all(
        f"#{table} tbody tr",
        f"rows => rows.map(row => row.cells[{place}].dataset.sort ?? row.cells[{place}].innerText)",
    )


def test_a_click_sorts_a_column_best_first_and_the_next_click_turns_it_round(opened) -> None:
    table = "leaderboard-llvip-test-quality"
    head = opened.locator(f"#{table} thead tr:last-child th").nth(9)  # MSE: lower is better
    assert "MSE" in head.inner_text()
    head.locator("button").click()
    values = [float(text) for text in _column(opened, table, 9)]
    assert values == sorted(values)
    assert head.get_attribute("aria-sort") == "ascending"
    head.locator("button").click()
    assert [float(text) for text in _column(opened, table, 9)] == sorted(values, reverse=True)


def test_the_keyboard_sorts_too(opened) -> None:
    button = opened.locator("#leaderboard-llvip-test-quality thead button").first
    button.focus()
    opened.keyboard.press("Enter")
    names = _column(opened, "leaderboard-llvip-test-quality", 0)
    assert names == sorted(names)


def test_the_line_moves_by_mouse_and_by_keyboard(opened) -> None:
    handle = opened.locator("#g-handle")
    handle.scroll_into_view_if_needed()
    frame, box = opened.locator("#g-stage").bounding_box(), handle.bounding_box()
    opened.mouse.move(box["x"] + box["width"] / 2, box["y"] + 60)
    opened.mouse.down()
    opened.mouse.move(frame["x"] + frame["width"] * 0.2, box["y"] + 60, steps=4)
    opened.mouse.up()
    assert abs(int(handle.get_attribute("aria-valuenow")) - 20) <= 1
    assert "inset(0px 80" in opened.locator("#g-over").evaluate("e => getComputedStyle(e).clipPath")
    handle.focus()
    opened.keyboard.press("ArrowRight")
    assert abs(int(handle.get_attribute("aria-valuenow")) - 22) <= 1
    opened.keyboard.press("Home")
    assert handle.get_attribute("aria-valuenow") == "0"


def test_zoom_is_shared_by_every_picture(opened) -> None:
    opened.locator("#g-in").click()
    opened.locator("#g-in").click()
    transforms = set(opened.eval_on_selector_all("#gallery .layer", "layers => layers.map(l => l.style.transform)"))
    assert len(transforms) == 1
    assert "scale(2.25)" in transforms.pop()
    opened.locator("#g-whole").click()
    assert opened.locator("#g-under .layer").evaluate("e => e.style.transform").endswith("scale(1)")


def test_boxes_and_masks_switch_on_and_off(opened) -> None:
    count = lambda what: opened.locator(f"#g-under {what}").count()  # noqa: E731
    assert count(".box.predicted") == 1
    opened.locator("#g-boxes").uncheck()
    opened.locator("#g-truth").check()
    assert (count(".box.predicted"), count(".box.truth")) == (0, 1)
    pictures = count("img")
    opened.locator("#g-mask").check()
    assert count("img") == pictures + 1


def test_worst_first_starts_with_the_lowest_score(opened) -> None:
    opened.locator("#g-order").select_option(label="worst VIF first")
    chosen = "#g-all [aria-pressed=true] .name span:last-child"
    first = float(opened.locator(chosen).inner_text())
    scores = [first]
    for _ in range(3):
        opened.locator("#g-next").click()
        scores.append(float(opened.locator(chosen).inner_text()))
    assert scores == sorted(scores)


def test_dark_mode_follows_the_system_and_the_button(opened) -> None:
    paper = lambda: opened.evaluate("getComputedStyle(document.body).backgroundColor")  # noqa: E731
    light = paper()
    opened.emulate_media(color_scheme="dark")
    dark = paper()
    assert dark != light
    opened.locator("#theme").click()
    assert paper() == light
    opened.locator("#theme").click()
    opened.emulate_media(color_scheme="light")
    assert paper() == dark
    mark = opened.locator(".plot svg text").first
    assert mark.evaluate("e => getComputedStyle(e).fill") != "rgb(0, 0, 0)"


def test_a_number_opens_the_card_of_its_record(opened) -> None:
    link = opened.locator("#leaderboard-llvip-test-quality a.number[data-value]").nth(3)
    link.click()
    card = opened.locator(link.get_attribute("href"))
    opened.wait_for_function("e => e.open", arg=card.element_handle())
    assert "python -m downstream" in card.inner_text()


def test_print_is_light_and_without_controls(opened) -> None:
    opened.emulate_media(media="print", color_scheme="dark")
    assert opened.evaluate("getComputedStyle(document.body).backgroundColor") == "rgb(255, 255, 255)"
    assert not opened.locator("nav").is_visible()
    assert not opened.locator("#gallery .controls").is_visible()
    assert opened.locator("#verdict .finding").first.is_visible()
    assert opened.pdf(format="A4")[:4] == b"%PDF"


def test_a_phone_never_scrolls_sideways(opened) -> None:
    opened.set_viewport_size({"width": 390, "height": 800})
    assert opened.evaluate("document.documentElement.scrollWidth") <= 390


def test_every_picture_and_plot_has_words_and_every_control_a_name(opened) -> None:
    assert opened.locator("img:not([alt]), img[alt='']").count() == 0
    assert opened.locator(".plot svg:not([aria-label])").count() == 0
    nameless = opened.eval_on_selector_all(
        "button, select, input",
        "all => all.filter(e => !(e.ariaLabel || e.textContent.trim() || e.labels?.length)).map(e => e.outerHTML)",
    )
    assert nameless == []


def test_the_page_opens_in_two_seconds(opened) -> None:
    # Processor time of the page's main thread: wall-clock time would measure what else the machine is doing.
    client = opened.context.new_cdp_session(opened)
    client.send("Performance.enable", {"timeDomain": "threadTicks"})
    opened.reload()
    opened.wait_for_selector("#g-under .layer", state="attached")
    metrics = {entry["name"]: entry["value"] for entry in client.send("Performance.getMetrics")["metrics"]}
    assert 0 < metrics["TaskDuration"] < 2, metrics
