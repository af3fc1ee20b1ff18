"""The snippets of docs/python.md run as they stand there, in their order."""

from __future__ import annotations

import re
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import pytest
import torch

from datasets.images import read_array, write_image

PAGE = Path(__file__).resolve().parent.parent / "docs" / "python.md"
SNIPPETS = re.findall(r"^```python\n(.*?)^```", PAGE.read_text(encoding="utf-8"), flags=re.MULTILINE | re.DOTALL)
MOST_LINES = 6


def draw_pairs(folder: Path, visible: str, infrared: str, names: Sequence[str]) -> None:
    generator = torch.Generator().manual_seed(len(names))
    for name in names:
        write_image(folder / visible / f"{name}.png", torch.rand(3, 72, 80, generator=generator))
        write_image(folder / infrared / f"{name}.png", torch.rand(1, 72, 80, generator=generator))


@pytest.fixture
def beside(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """The folder that the page's reader works in."""
    generator = torch.Generator().manual_seed(0)
    write_image(tmp_path / "visible.png", torch.rand(3, 72, 80, generator=generator))
    write_image(tmp_path / "infrared.png", torch.rand(1, 72, 80, generator=generator))
    for split in ("train", "val"):
        draw_pairs(tmp_path / "pairs" / split, "visible", "infrared", (f"{split}1", f"{split}2"))
    draw_pairs(tmp_path / "campus", "left", "right", ("1", "2", "3"))
    monkeypatch.chdir(tmp_path)
    return tmp_path


def test_every_snippet_runs_and_none_is_long(beside: Path, capsys: pytest.CaptureFixture[str]) -> None:
    names: dict[str, Any] = {"__name__": "page"}
    for snippet in SNIPPETS:
        assert len([line for line in snippet.splitlines() if line.strip()]) <= MOST_LINES, snippet
        exec(compile(snippet, str(PAGE), "exec"), names)
        if "out=" in snippet:
            assert read_array(beside / "fused.png").shape == (72, 80, 3)
        if "set={" in snippet:
            assert set(names["table"]["candidate"]) == {"laplacian", "average", "max"}
            assert Path(names["best"]).is_file()
    assert names["fused"].shape == (1, 3, 72, 80)
    assert set(names["scores"]) == {"ssim", "brightness"}
    assert len(names["samples"]) == 3
    assert "'qabf': " in capsys.readouterr().out
