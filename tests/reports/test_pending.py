"""A report of a grid in work shows what is still being computed, and never as missing."""

from __future__ import annotations

import json

from reports.page import build_report
from suite.pending import PendingCell, write_pending


def cell(task: str, fuser: str, seed: int | None = None) -> PendingCell:
    return PendingCell(title=f"{task}/llvip/{fuser}", task=task, dataset="llvip", fuser=fuser, seed=seed)


def test_the_report_of_the_first_finished_cell_shows_the_others_as_being_computed(fabricator) -> None:
    fabricator.detect("average", seed=0)
    write_pending(fabricator.workdir, [cell("detect", "max", 0), cell("detect", "average", 1), cell("quality", "max")])
    html = build_report(fabricator.workdir).page.read_text(encoding="utf-8")
    assert "<strong>Being computed</strong>: 3 more cells." in html
    assert '<meta http-equiv="refresh"' in html
    assert '<th scope="row">max</th>' in html
    assert ">being computed</span>" in html
    assert "Being computed: max (seed 0), average (seed 1)." in html
    assert "No cell of the grid is missing." in html


def test_an_interrupted_grid_says_so_and_the_page_stays_still(fabricator) -> None:
    fabricator.detect("average", seed=0)
    write_pending(fabricator.workdir, [cell("detect", "max", 0)])
    path = fabricator.workdir / "report" / "pending.json"
    content = json.loads(path.read_text(encoding="utf-8"))
    path.write_text(json.dumps({**content, "pid": 2**22 + 1}), encoding="utf-8")
    html = build_report(fabricator.workdir).page.read_text(encoding="utf-8")
    assert "<strong>Not finished</strong>: 1 cell. The same command resumes." in html
    assert "http-equiv" not in html


def test_a_finished_grid_leaves_no_trace_of_waiting(fabricator) -> None:
    for fuser in ("average", "max"):
        fabricator.detect(fuser, seed=0)
    html = build_report(fabricator.workdir).page.read_text(encoding="utf-8")
    assert "eing computed" not in html
    assert "Not finished" not in html
