"""The curve of a training; the training as a cell is tested with the tasks that train."""

from __future__ import annotations

from pathlib import Path

from downstream.trainings import CURVE, read_curve, write_curve


def test_a_curve_is_read_as_it_was_written(tmp_path: Path) -> None:
    rows = [{"epoch": 1, "loss": 2.5, "map50": 0.25}, {"epoch": 2, "loss": 1.0, "map50": 0.5}]
    write_curve(tmp_path, rows)
    assert read_curve(tmp_path / CURVE) == rows
