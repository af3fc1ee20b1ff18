"""The benchmark of the detector's start runs to its end: figures in the docs come from it."""

from __future__ import annotations

import csv
import subprocess
import sys
from pathlib import Path

import pytest

REPOSITORY = Path(__file__).resolve().parents[2]


@pytest.mark.slow
def test_the_comparison_of_starts_trains_scores_and_resumes(tmp_path: Path) -> None:
    out = tmp_path / "random.csv"
    sizes = ["--num-train", "8", "--num-val", "4", "--num-test", "4", "--epochs", "1"]
    words = [sys.executable, "-m", "benchmarks.detector_start", "--start", "yolov8n.yaml", *sizes]
    words += ["--fusers", "average", "--seeds", "0", "--out", str(out), "--workdir", str(tmp_path)]
    for _ in range(2):
        subprocess.run(words, capture_output=True, text=True, check=True, cwd=REPOSITORY)
    rows = list(csv.DictReader(out.read_text(encoding="utf-8").splitlines()))
    assert [(row["fuser"], row["seed"]) for row in rows] == [("average", "0")]
    assert 0 <= float(rows[0]["map50"]) <= 1
