"""Contrast and size: what can be checked of the looks without a browser."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

from reports.page import TEMPLATES, build_report
from reports.svg import VARIABLES

CSS = (TEMPLATES / "report.css").read_text(encoding="utf-8")
COLOURS = {
    name: (light, dark)
    for name, light, dark in re.findall(r"(--[\w-]+): light-dark\((#[0-9a-f]{6}), (#[0-9a-f]{6})\)", CSS)
}


def _luminance(colour: str) -> float:
    channels = [int(colour[i : i + 2], 16) / 255 for i in (1, 3, 5)]
    linear = [c / 12.92 if c <= 0.04045 else ((c + 0.055) / 1.055) ** 2.4 for c in channels]
    return 0.2126 * linear[0] + 0.7152 * linear[1] + 0.0722 * linear[2]


def _contrast(first: str, second: str) -> float:
    high, low = sorted((_luminance(first), _luminance(second)), reverse=True)
    return (high + 0.05) / (low + 0.05)


@pytest.mark.parametrize("theme", [0, 1], ids=["light", "dark"])
@pytest.mark.parametrize("ground", ["--paper", "--raised"])
@pytest.mark.parametrize("name", ["--ink", "--muted", "--accent", "--bad"])
def test_text_reaches_contrast_aa(name: str, ground: str, theme: int) -> None:
    assert _contrast(COLOURS[name][theme], COLOURS[ground][theme]) >= 4.5


@pytest.mark.parametrize("theme", [0, 1], ids=["light", "dark"])
@pytest.mark.parametrize("name", [n for n in COLOURS if n.startswith(("--method", "--source", "--evidence"))])
def test_marks_reach_contrast_aa_for_graphics(name: str, theme: int) -> None:
    assert _contrast(COLOURS[name][theme], COLOURS["--paper"][theme]) >= 3


def test_every_plot_colour_is_a_variable_of_the_style_sheet(report: Path) -> None:
    assert set(VARIABLES.values()) <= set(COLOURS)
    html = report.read_text(encoding="utf-8")
    assert not any(placeholder in html for placeholder in VARIABLES)


def test_the_templates_compute_no_numbers() -> None:
    for path in TEMPLATES.glob("*.j2"):
        blocks = re.findall(r"\{[{%](.*?)[%}]\}", path.read_text(encoding="utf-8"), flags=re.DOTALL)
        for block in blocks:
            code = re.sub(r"'[^']*'|\"[^\"]*\"", "", block).strip("-")
            assert not re.search(r"[+*/]|\bround\b|\bsum\b|\bformat\b|\s-\s", code), f"{path.name}: {block}"


@pytest.mark.slow
def test_ten_fusers_stay_below_fifteen_megabytes(fabricator) -> None:
    import numpy as np
    from PIL import Image

    fusers = [f"method{i}" for i in range(10)]
    for fuser in fusers:
        fabricator.quality(fuser, images=50)
        fabricator.segment(fuser, images=50, seed=0)
        cell = fabricator.workdir / "cells" / fabricator.detect(fuser, images=50, gallery=12, seed=0)
        for path in (cell / "artefacts" / "gallery").glob("*.jpg"):
            seed = sum(map(ord, path.name + (fuser if "fused" in path.name else "")))
            noise = np.random.default_rng(seed).integers(0, 255, (512, 640, 3), dtype=np.uint8)
            Image.fromarray(noise).save(path, quality=80)
    assert build_report(fabricator.workdir).size_bytes < 15e6
