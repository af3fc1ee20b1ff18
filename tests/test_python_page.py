"""The snippets of docs/python.md run as they stand there, in their order."""

from __future__ import annotations

import os
import re
import subprocess
import sys
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import pytest
import torch

from datasets.base import Boxes
from datasets.images import read_array, write_image
from downstream.detect.detector import BoxedImages
from downstream.detect.detectors import build_detector
from downstream.detect.settings import DetectionSettings
from downstream.tasks import get_task

REPOSITORY = Path(__file__).resolve().parent.parent
PAGE = REPOSITORY / "docs" / "python.md"
SNIPPETS = re.findall(r"^```python\n(.*?)^```", PAGE.read_text(encoding="utf-8"), flags=re.MULTILINE | re.DOTALL)
MINE = next(snippet for snippet in SNIPPETS if snippet.startswith("# mine.py"))
STUDY = next(snippet for snippet in SNIPPETS if 'run_task("detect"' in snippet)
MOST_LINES = 6
FEW_SCENES = ["--synthetic", "num_train=4", "num_val=2", "num_test=2", "height=64", "width=96"]


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
        if snippet in (MINE, STUDY):
            continue
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


@pytest.fixture
def mine(beside: Path, monkeypatch: pytest.MonkeyPatch) -> dict[str, str]:
    """`mine.py` of the page beside the reader's work; the environment of a command that is started there."""
    (beside / "mine.py").write_text(MINE)
    monkeypatch.syspath_prepend(beside)
    path = os.environ.get("PYTHONPATH", "")
    return {**os.environ, "PYTHONPATH": os.pathsep.join(filter(None, (str(REPOSITORY), path)))}


def test_the_task_and_the_detector_of_the_page_follow_their_contracts(mine: dict[str, str], tmp_path: Path) -> None:
    detector = build_detector(DetectionSettings(model="mine:MeanBox"), tmp_path)
    boxes = (Boxes(xyxy=((10.0, 10.0, 20.0, 20.0),), labels=(0,)), Boxes(xyxy=((20.0, 10.0, 40.0, 20.0),), labels=(0,)))
    pictures = (tmp_path / "visible.png", tmp_path / "infrared.png")
    train = BoxedImages(images=pictures, boxes=boxes, classes=("person",), fingerprint="two")
    weights = detector.train(train, train, folder=tmp_path, seed=0, device="cpu", threads=1)
    found, _ = detector.predict(weights, pictures, keep=None, device="cpu", threads=1)
    assert found.xyxy.tolist() == [[15.0, 10.0, 30.0, 20.0]]
    assert get_task("mine:Brightness").kind == "brightness"


def test_the_task_and_the_detector_of_the_page_are_short() -> None:
    _, *classes = re.split(r"^class ", MINE, flags=re.MULTILINE)
    assert len(classes) == 2
    assert max(len([line for line in text.splitlines() if line.strip()]) for text in classes) <= MOST_LINES


@pytest.mark.slow
def test_the_study_of_the_page_gives_a_line_per_number(beside: Path, capsys: pytest.CaptureFixture[str]) -> None:
    names: dict[str, Any] = {"__name__": "page"}
    assert len([line for line in STUDY.splitlines() if line.strip()]) <= MOST_LINES
    exec(compile(STUDY, str(PAGE), "exec"), names)
    numbers = names["numbers"].query("metric == 'map50'")
    assert sorted(numbers["fuser"]) == ["average", "max"]
    assert {"value", "ci_low", "ci_high", "seed"} <= set(numbers.columns)


@pytest.mark.slow
@pytest.mark.parametrize(
    "words",
    [
        ["downstream.compare", "--tasks", "mine:Brightness", "--fusers", "average", "max"],
        ["downstream.detect", "--model", "mine:MeanBox", "--fuser", "average", "--fuser", "max", "--seeds", "0"],
    ],
)
def test_the_commands_compute_the_task_and_the_detector_of_the_page(
    words: list[str], beside: Path, mine: dict[str, str]
) -> None:
    command = [sys.executable, "-m", *words, *FEW_SCENES, "--no-report"]
    done = subprocess.run(command, cwd=beside, env=mine, capture_output=True, text=True, check=False, timeout=600)
    assert done.returncode == 0, done.stdout + done.stderr
    assert "failed" not in done.stdout
    for fuser in ("average", "max"):
        assert f"│ {fuser}" in done.stdout
