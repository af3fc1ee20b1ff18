"""Console and report give one answer: over studies near the border of significance they mark the same methods."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pandas as pd

from downstream.quality.table import significance_marks
from reports.boards import build_boards
from reports.collect import collect
from suite.records import Record, read_record, write_record
from suite.rows import Row
from suite.statistics.intervals import mean_interval
from suite.statistics.scored import RecordScores

IMAGES, STUDIES = 40, 20


def write_method(workdir: Path, fuser: str, values: np.ndarray) -> Path:
    low, high = mean_interval(values)
    told = Row(
        dataset="llvip", split="test", task="quality", fuser=fuser, metric="vif", label="VIF", unit="",
        value=float(values.mean()), ci_low=low, ci_high=high, n=IMAGES, higher_is_better=True,
    )  # fmt: skip
    record = Record(
        cell_id=f"quality-{fuser}", task="quality", settings={"fuser": fuser}, rows=(told,), command="", started="2025"
    )
    frame = pd.DataFrame({"id": [f"{i:03d}" for i in range(IMAGES)], "metric": "vif", "value": values})
    return write_record(workdir, record, per_image=frame)


def test_the_console_marks_exactly_the_methods_that_the_report_marks(tmp_path: Path) -> None:
    generator = np.random.default_rng(0)
    marked = 0
    for study in range(STUDIES):
        base = generator.normal(0.6, 0.1, IMAGES)
        names = [f"m{i}" for i in range(6)]
        scores = {n: base + 0.008 * i + generator.normal(0, 0.04, IMAGES) for i, n in enumerate(names)}
        folders = {n: write_method(tmp_path / str(study), n, values) for n, values in scores.items()}
        records = [RecordScores(read_record(folder)) for folder in folders.values()]
        console = dict(zip(names, significance_marks(records, "vif"), strict=True))
        (board,) = build_boards(collect(tmp_path / str(study)))
        best = board.ordered("vif")[0]
        for name in names:
            assert (console[name] == "*") == (name == best)
            if name != best:
                assert (console[name] == "=") == board.ties_best(name, "vif")
                marked += console[name] == " "
    assert 0 < marked < 5 * STUDIES, "the studies are not near the border of significance"
