"""The process that computes one cell: `python -m downstream.grid.worker <work>/cells/<cell id>`.

It holds the cell's lock while it computes, writes the log, and ends with `result.json`, `done.json` or `failed.json`.
Started by hand it computes the cell as the grid would have.
"""

from __future__ import annotations

import json
import os
import sys
import time
import traceback
from collections.abc import Sequence
from pathlib import Path

from downstream.grid.cell import Cell, Place, from_request
from downstream.grid.lock import LOST_STATUS, CellLock
from downstream.grid.store import LOG, REQUEST, CellStore
from suite.errors import BenchError, SettingsError
from suite.records import utc_now

DONE_STATUS, FAILED_STATUS, BUSY_STATUS, INTERRUPTED_STATUS = 0, 1, LOST_STATUS, 130
"""75 is what sysexits.h calls a temporary failure: another process computes the cell."""


def main(argv: Sequence[str] | None = None) -> int:
    """Compute the cell of a folder; returns one of the four statuses."""
    arguments = sys.argv[1:] if argv is None else list(argv)
    folder = Path(arguments[0])
    # The lock comes before anything that is slow to import: a rival learns at once that the cell is taken.
    with CellLock(folder) as ours:
        return _compute(folder) if ours else BUSY_STATUS


def _compute(folder: Path) -> int:
    store = CellStore(folder.parent.parent)
    if store.is_done(folder.name):
        return DONE_STATUS
    request = json.loads((folder / REQUEST).read_text(encoding="utf-8"))
    _write_into(folder / LOG)
    print(f"--- {utc_now()} {folder.name} ---", flush=True)
    store.log_attempt(folder.name, "started")
    start = time.perf_counter()
    title = folder.name
    try:
        cell, place = from_request(request)
        title = cell.title
        if cell.cell_id != folder.name:
            raise SettingsError(
                f"{title} reads back as {cell.cell_id}: its settings are not what `settings` can store."
            )
        _compute_cell(cell, place, store)
    except KeyboardInterrupt:
        store.log_attempt(folder.name, "interrupted")
        return INTERRUPTED_STATUS
    except Exception as error:
        # Whatever a cell dies of must not stop the others: it is recorded with its log.
        traceback.print_exc()
        message = str(error) if isinstance(error, BenchError) else f"{type(error).__name__}: {error}"
        store.write_failure(folder.name, title, message, time.perf_counter() - start)
        store.log_attempt(folder.name, "failed")
        return FAILED_STATUS
    return DONE_STATUS


def _compute_cell(cell: Cell, place: Place, store: CellStore) -> None:
    start = time.perf_counter()
    outputs = cell.run(place)
    store.write_done(cell, outputs)
    store.log_attempt(cell.cell_id, "done", workload=cell.workload, seconds=time.perf_counter() - start)


def _write_into(log: Path) -> None:
    """From here on everything that is printed, by libraries and child processes too, goes into the log."""
    sys.stdout.flush()
    sys.stderr.flush()
    file = os.open(log, os.O_WRONLY | os.O_CREAT | os.O_APPEND, 0o644)
    os.dup2(file, 1)
    os.dup2(file, 2)
    os.close(file)


if __name__ == "__main__":
    sys.exit(main())
