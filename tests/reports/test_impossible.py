"""Values that no definition can give are named first, and marked where they stand."""

from __future__ import annotations

import json
from pathlib import Path

import pandas as pd

from reports.board_tables import leaderboard
from reports.boards import build_boards
from reports.collect import collect
from reports.export import to_latex
from reports.impossible import impossible_values
from reports.page import render
from reports.views import build_views
from tests.reports.conftest import Fabricator


def restate(workdir: Path, cell: str, metric: str, **changes: float | None) -> Path:
    """Change the row of a metric, as a foreign record might state it."""
    path = workdir / "cells" / cell / "result.json"
    content = json.loads(path.read_text())
    for row in content["rows"]:
        if row["metric"] == metric:
            row |= changes
    path.write_text(json.dumps(content))
    return path.parent


def test_a_value_above_its_limit_is_named_first_and_marked_in_its_table(fabricator: Fabricator) -> None:
    for fuser in ("average", "max"):
        cell = fabricator.quality(fuser)
        limits = {"lowest": 0.0, "highest": 15.0}  # invented: the invented images pass 8
        wrong = {"value": 16.1, "ci_low": 16.0, "ci_high": 16.2} if fuser == "max" else {}
        restate(fabricator.workdir, cell, "en", **limits, **wrong)
    collection = collect(fabricator.workdir)
    views = build_views(collection)
    assert views.findings[0].topic == "Impossible values"
    text = "".join(span.text for span in views.findings[0].spans)
    assert text.startswith("max on LLVIP: EN = 16.1, but it lies between 0 and 15. ")
    assert views.findings[0].spans[0].records == (cell,)
    table = leaderboard(build_boards(collection)[0])
    marked = [row.head for row in table.rows for one in row.cells if one.impossible]
    assert marked == ["max"]
    assert render(views).count('class="impossible"') == 1
    assert "$^{!}$" in to_latex(table)


def test_single_images_count_where_the_mean_is_possible(fabricator: Fabricator) -> None:
    cell = fabricator.quality("average")
    folder = restate(fabricator.workdir, cell, "cc")
    table = pd.read_parquet(folder / "per_image.parquet")
    scd = table["metric"] == "scd"
    highest = float(table.loc[scd, "value"].nlargest(3).min())
    restate(fabricator.workdir, cell, "scd", lowest=-2.0, highest=highest - 0.01)
    (finding,) = impossible_values(collect(fabricator.workdir))
    assert "SCD of 3 of 30 images, but it lies between -2 and" in finding.spans[0].text


def test_a_fraction_above_one_is_impossible_whatever_the_record_states(fabricator: Fabricator) -> None:
    cell = fabricator.detect("average", seed=0)
    restate(fabricator.workdir, cell, "map50", value=1.2, ci_low=1.1, ci_high=1.3)
    (finding,) = impossible_values(collect(fabricator.workdir))
    assert "mAP50 = 1.2, but it lies between 0 and 1" in finding.spans[0].text


def test_what_is_possible_is_not_spoken_of(full_workdir: Path) -> None:
    assert impossible_values(collect(full_workdir)) == []
