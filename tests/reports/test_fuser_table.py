"""The table of all fusers is printed from records: scores, year, size and time, the best of each column in bold."""

from __future__ import annotations

import pytest

from benchmarks.fuser_table import main, table_lines, year_of
from reports.boards import build_boards
from reports.collect import collect

FUSERS = ("visible", "infrared", "average", "max", "laplacian", "sage", "seafusion@label=x")


def test_every_column_comes_from_the_records(fabricator, capsys: pytest.CaptureFixture[str]) -> None:
    for fuser in FUSERS:
        fabricator.quality(fuser, "msrs")
        fabricator.cost(fuser)
    boards = build_boards(collect(fabricator.workdir))
    quality, cost = (next(b for b in boards if b.context.task == task) for task in ("quality", "cost"))
    size = next(metric for metric in cost.metrics if metric.startswith("ms/")).removeprefix("ms/")
    metric = quality.judged[0]
    lines = list(table_lines(quality, cost, [metric], size))
    cells = {line.split("|")[1].strip(): [c.strip() for c in line.split("|")[2:-1]] for line in lines[2:]}
    assert set(cells) == set(FUSERS)
    best = quality.ordered(metric)[0]
    for fuser, (year, score, _, parameters, milliseconds) in cells.items():
        assert score.strip("*") == f"{quality.scores[fuser, metric].value:.3f}"
        assert score.startswith("**") == (fuser == best or quality.ties_best(fuser, metric))
        assert parameters == f"{cost.scores[fuser, 'parameters'].value:,.0f}"
        assert milliseconds == f"{cost.scores[fuser, f'ms/{size}'].value:,.0f}"
        assert year == year_of(fuser)
    ranks = [quality.mean_ranks[fuser] for fuser in cells if fuser in quality.mean_ranks]
    assert len(ranks) > 3
    assert ranks == sorted(ranks)
    assert main([str(fabricator.workdir), "--metrics", metric, "--size", size]) == 0
    assert set(lines) <= set(capsys.readouterr().out.splitlines())


def test_the_year_is_that_of_the_paper() -> None:
    assert (year_of("sage"), year_of("seafusion@label=x"), year_of("average"), year_of("folder:x")) == (
        "2025",
        "2022",
        "-",
        "-",
    )


def test_a_folder_without_image_metrics_is_refused(fabricator, capsys: pytest.CaptureFixture[str]) -> None:
    fabricator.detect("average", "msrs")
    assert main([str(fabricator.workdir)]) == 1
    assert "holds no image metrics on msrs" in capsys.readouterr().err
