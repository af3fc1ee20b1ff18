"""What a person reads about a grid: what is left to compute, and what failed."""

from __future__ import annotations

from pathlib import Path

import pytest

from downstream.grid.cell import with_needs
from downstream.grid.display import print_end, print_plan
from downstream.grid.runner import GridProgress, survey
from downstream.grid.store import CellStore
from tests.downstream.grid.trivial_cells import AfterFragile, Fragile, Number


def with_a_failure(workdir: Path, *, retry_failed: bool = False) -> tuple[GridProgress, CellStore]:
    """A cell that failed, one that needs it, and one that waits."""
    store, fragile = CellStore(workdir), Fragile()
    store.write_failure(fragile.cell_id, fragile.title, "no licence found")
    cells = with_needs([AfterFragile(fragile=fragile), Number(value=1)])
    return survey(cells, store, retry_failed=retry_failed), store


def test_a_plan_counts_only_what_would_be_computed(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    print_plan(*with_a_failure(tmp_path), slots=2)
    assert "To compute: 1 cell; how long is unknown" in capsys.readouterr().out
    print_plan(*with_a_failure(tmp_path, retry_failed=True), slots=2)
    shown = capsys.readouterr().out
    assert "To compute: 3 cells; how long is unknown" in shown
    assert "--retry-failed" not in shown


@pytest.mark.parametrize("planned", [True, False])
def test_failures_are_named_with_their_log_and_the_remedy(
    planned: bool, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    progress, store = with_a_failure(tmp_path)
    if planned:
        print_plan(progress, store, slots=2)
    else:
        print_end(progress, store)
    shown = capsys.readouterr().out
    assert f"failed: fragile/error: no licence found\n  log: {store.log_path(Fragile().cell_id)}" in shown
    assert "not started, since they need a failed cell: after" in shown
    assert "the same command with --retry-failed" in shown
