"""A user's own pairs, in whatever form they come, go through a task with their reading recorded."""

from __future__ import annotations

import json
from pathlib import Path

import numpy as np
import pytest

from datasets.images import write_image
from downstream.compare.__main__ import main as compare
from downstream.quality.__main__ import main
from tests.datasets.miniatures import make_image
from tests.datasets.test_reading import write_counts


def quality(root: Path, *words: str) -> int:
    data = ["--dataset", "folder", "--root", str(root), "--fuser", "average", "--metrics", "en", "sd"]
    return main([*data, "--workdir", str(root.parent / "work"), "--no-report", *words])


def test_raw_thermal_in_marked_names_of_another_size_is_scored_as_told(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    root = tmp_path / "own"
    for number in range(3):
        write_image(root / f"{number}_rgb.png", make_image(f"v{number}", 3, (96, 128)))
        write_counts(root / f"{number}_th.png")
    assert quality(root) == 1
    said = capsys.readouterr()
    assert "--resize infrared" in said.err + said.out or "--infrared-range" in said.err + said.out
    assert quality(root, "--resize", "infrared", "--infrared-range", "percentile") == 0
    records = list((tmp_path / "work").glob("**/result.json"))
    assert records
    text = json.dumps([json.loads(path.read_text()) for path in records])
    assert "infrared-range percentile" in text
    assert quality(root, "--dataset", "folder@resize=infrared,infrared-range=percentile") == 0
    words = ["--fusers", "average", "--workdir", str(tmp_path / "work"), "--no-report", "--dry-run", "--datasets"]
    for spec in (
        "folder@resize=infrared,infrared-range=percentile",
        "folder@resize:infrared,infrared-range:percentile",
    ):
        assert compare([*words, f"{spec}={root}"]) == 0


def test_options_of_pairs_need_a_dataset(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    words = ["--resize", "infrared", "--workdir", str(tmp_path)]
    assert main([*words, "--fuser", "average"]) == 1
    assert "needs --dataset NAME" in capsys.readouterr().err
    write_image(tmp_path / "vi/a.png", np.zeros((8, 8), dtype=np.uint8))
