"""Metrics against the numbers of programs that are not ours, on images that are in the repository."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest

from datasets.images import read_image
from diffif.metrics import DEFAULT_METRICS, evaluate

FOLDER = Path(__file__).resolve().parent / "metrics"
EXPECTED = json.loads((FOLDER / "expected.json").read_text(encoding="utf-8"))


@pytest.mark.parametrize("entry", EXPECTED, ids=lambda entry: f"{entry['metric']}-{entry['convention']}")
def test_other_programs_print_what_we_compute(entry: dict[str, Any]) -> None:
    names = ("fused", "visible", "infrared")
    if entry["metric"] == "delta_e2000":
        names = ("fused_colour", "visible_colour", "visible_colour")
    images = [read_image(FOLDER / f"{name}.png", "rgb" if "colour" in name else "grey") for name in names]
    ours = evaluate(*images, metrics=(entry["metric"],), convention=entry["convention"])[entry["metric"]].item()
    assert ours == pytest.approx(entry["value"], rel=entry["tolerance"]), entry["program"]


def test_the_usual_table_is_proved_but_for_qabf() -> None:
    assert set(DEFAULT_METRICS) - {entry["metric"] for entry in EXPECTED} == {"qabf"}
