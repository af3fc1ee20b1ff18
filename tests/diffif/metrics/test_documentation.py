"""The page on metrics: current, and its snippets run as they are printed."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

from datasets.images import write_image
from diffif.metrics import evaluate
from diffif.metrics.documentation import render
from tests.contracts.metric_contract import make_triple

PAGE = Path(__file__).resolve().parents[3] / "docs" / "metrics.md"


def test_the_page_is_what_the_code_says() -> None:
    assert PAGE.read_text(encoding="utf-8") == render(), "run: python -m diffif.metrics --write-docs docs/metrics.md"


def test_the_snippets_run_as_they_are_printed(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    images = make_triple(48, 56)
    monkeypatch.chdir(tmp_path)
    for name, image in zip(("fused", "visible", "infrared"), images, strict=True):
        write_image(tmp_path / f"{name}.png", image[0])
    names: dict[str, object] = {}
    for snippet in re.findall(r"```python\n(.*?)```", PAGE.read_text(encoding="utf-8"), flags=re.DOTALL):
        exec(snippet, names)
    expected = evaluate(*images, metrics=("ssim", "vif", "qabf"))
    assert capsys.readouterr().out.strip() == str({name: value.item() for name, value in expected.items()})
    assert evaluate(*images, metrics=[names["BRIGHTNESS"]])["brightness"].item() > 0
