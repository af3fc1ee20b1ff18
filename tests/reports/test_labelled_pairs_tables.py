"""The tables of docs/results.md are printed from records, marked where a test tells a fuser from infrared alone."""

from __future__ import annotations

import pytest

from benchmarks.labelled_pairs_tables import correlation_lines, main, protocol_lines
from reports.boards import build_boards
from reports.collect import collect

FUSERS = ("visible", "infrared", "average", "max", "laplacian", "ddcgan", "cddfuse", "diffif")


def test_both_tables_hold_the_numbers_of_the_boards(fabricator, capsys: pytest.CaptureFixture[str]) -> None:
    for fuser in FUSERS:
        fabricator.detect(fuser, "flir-road", seed=None, protocol="frozen-model", subsets=("day", "night"))
        fabricator.quality(fuser, "flir-road")
    boards = build_boards(collect(fabricator.workdir))
    detected = next(b for b in boards if b.context.task == "detect")
    quality = next(b for b in boards if b.context.task == "quality")
    lines = list(protocol_lines(detected))
    best = detected.ordered("map50")[0]
    score = detected.scores[best, "map50"]
    assert lines[2].startswith(
        f"| {best} | - | {100 * score.value:.1f} [{100 * score.low:.1f}, {100 * score.high:.1f}]"
    )
    marked = {line.split(" | ")[0].strip("| "): "▼" in line.split(" | ")[2] for line in lines[2:]}
    assert marked == {m: detected.tests["map50"].better("infrared", m) for m in FUSERS}
    assert len(list(correlation_lines(quality, detected))) > 2
    assert main([str(fabricator.workdir)]) == 0
    shown = capsys.readouterr().out
    assert all(line in shown for line in lines)


def test_a_folder_without_the_dataset_is_refused(fabricator, capsys: pytest.CaptureFixture[str]) -> None:
    fabricator.quality("average", "flir-road")
    assert main([str(fabricator.workdir)]) == 1
    assert "holds no detection on flir-road" in capsys.readouterr().err
