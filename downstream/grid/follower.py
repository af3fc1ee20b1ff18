"""The report of a grid in work: renewed whenever another of its cells has published a record."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path

from downstream.grid.cell import Cell
from downstream.grid.runner import ENDED, FINISHED, GridProgress
from downstream.task import TaskCell
from suite.pending import PendingCell
from suite.renewal import ReportRenewal


class ReportFollower:
    """Watches a grid; hand it to `run_grid` as `on_change`.

    Args:
        cells: The grid, by cell id.
        workdir: The working folder.
        renewal: What builds the report.
    """

    def __init__(self, cells: Mapping[str, Cell], workdir: Path, renewal: ReportRenewal | None = None) -> None:
        self._cells = {key: cell for key, cell in cells.items() if isinstance(cell, TaskCell)}
        self._renewal = renewal or ReportRenewal(workdir)
        self._published = 0

    @property
    def page(self) -> Path:
        """Where the report is."""
        return self._renewal.page

    def __call__(self, progress: GridProgress) -> None:
        """Renew the report if another record was published and more are to come."""
        published = sum(progress.states[key] in FINISHED for key in self._cells)
        pending = self._pending(progress)
        if published > self._published and pending:
            self._published = published
            self._renewal.renew(pending)
        else:
            self._renewal.poll()

    def finish(self, progress: GridProgress) -> None:
        """Wait for the build in work; the caller then builds the last one."""
        self._renewal.finish(self._pending(progress))

    def _pending(self, progress: GridProgress) -> list[PendingCell]:
        return [
            PendingCell(
                title=cell.title,
                task=cell.kind,
                dataset=cell.pairs.label if cell.pairs else "random",
                fuser=cell.method.spec,
                variant=cell.method.variant,
                seed=cell.seed,
                condition=cell.condition,
            )
            for key, cell in self._cells.items()
            if progress.states[key] not in ENDED
        ]
