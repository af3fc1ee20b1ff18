"""A report of clips speaks of clips, proves nothing with too few of them, and shares a place between equals."""

from __future__ import annotations

import json
from collections.abc import Sequence
from dataclasses import replace

from reports.ablation import ablation_columns
from reports.answer import answer
from reports.boards import build_boards
from reports.collect import collect
from reports.svg import Drawing
from reports.tables import Table
from reports.views import build_views
from tests.reports.conftest import Fabricator


def as_clips(fabricator: Fabricator, fusers: Sequence[str], clips: int) -> None:
    """Image quality turned into records of a video task, with so many clips."""
    for fuser in fusers:
        cell = fabricator.quality(fuser, images=clips)
        path = fabricator.workdir / "cells" / cell / "result.json"
        content = json.loads(path.read_text())
        content["task"] = "video"
        for row in content["rows"]:
            row |= {"task": "video", "metric": {"en": "biswe"}.get(row["metric"], row["metric"])}
        path.write_text(json.dumps(content))


def test_clips_are_called_clips_and_their_consistency_comes_first(fabricator: Fabricator) -> None:
    as_clips(fabricator, ("average", "max", "laplacian"), 30)
    views = build_views(collect(fabricator.workdir))
    section = views.sections[0]
    assert "30 clips" in section.lead
    assert "Clip by clip" in [item.title for item in section.items]
    assert "30 clips" in "".join(span.text for span in views.answer)
    assert not any("images" in item.caption for item in section.items if isinstance(item, Drawing))
    assert ablation_columns(build_boards(collect(fabricator.workdir))[0])[0] == "biswe"


def test_clips_too_few_to_be_tested_prove_nothing(fabricator: Fabricator) -> None:
    as_clips(fabricator, ("average", "max", "laplacian"), 2)
    views = build_views(collect(fabricator.workdir))
    said = "".join(span.text for span in views.answer)
    assert said.endswith(" 2 clips); fewer than 6 clips, so nothing is proven.")
    (table,) = (item for item in views.sections[0].items if isinstance(item, Table) and item.heading == "Leaderboard")
    assert "Nothing is ranked: fewer than 6 clips." in table.notes


def test_equal_mean_ranks_share_the_best_place(fabricator: Fabricator) -> None:
    for fuser in ("average", "max", "laplacian"):
        fabricator.quality(fuser)
    board = build_boards(collect(fabricator.workdir))[0]
    best, second, last = sorted(board.mean_ranks, key=lambda m: board.mean_ranks[m])
    equal = replace(board, mean_ranks={best: 1.5, second: 1.5, last: 3.0})
    said = "".join(span.text for span in answer([equal]))
    assert said.startswith(f"{best} and {second} share the best rank over all metrics on LLVIP (mean rank 1.50 of 3")
