"""What a person sees of a grid: the plan, a live table in a terminal, one line per event in a log, the end."""

from __future__ import annotations

import time
from collections.abc import Iterator
from contextlib import contextmanager
from typing import TYPE_CHECKING

from downstream.grid.estimate import Estimate, estimate, show_seconds
from downstream.grid.runner import ENDED, GridProgress, State
from downstream.grid.store import CellStore

if TYPE_CHECKING:
    from collections.abc import Callable

    from rich.table import Table

STYLES = {
    State.CACHED: "dim",
    State.WAITING: "dim",
    State.RUNNING: "bold cyan",
    State.ELSEWHERE: "magenta",
    State.DONE: "green",
    State.FAILED: "bold red",
    State.BLOCKED: "yellow",
}
LAST_DONE = 5
"""Finished cells that stay in the live table."""
WIDEST_MESSAGE = 90
SECONDS_BETWEEN_ESTIMATES = 5.0


def print_plan(progress: GridProgress, store: CellStore, slots: int) -> None:
    """Every cell, its state, and how long the rest will take."""
    from rich.table import Table

    from suite.console import print_table

    expected = _expectation(progress, store, slots)
    table = Table("cell", "state", "expected", "id", title=f"{len(progress.cells)} cells in {store.workdir}")
    for key, cell in progress.cells.items():
        seconds = expected.per_cell.get(key)
        text = "" if key not in expected.per_cell else "unknown" if seconds is None else show_seconds(seconds)
        table.add_row(cell.title, _state_text(progress, key), text, key)
    print_table(table)
    print(f"{_counts(progress)}. {_expected_text(expected, slots)}")
    _print_failures(progress, store)


@contextmanager
def live_display(store: CellStore, slots: int) -> Iterator[Callable[[GridProgress], None]]:
    """Yield what `run_grid` calls on every change."""
    from rich.console import Console
    from rich.live import Live

    console = Console()
    if not console.is_terminal:
        yield _LogLines(store).show
        return
    table = _LiveTable(store, slots)
    with Live(console=console, refresh_per_second=4) as live:
        yield lambda progress: live.update(table.render(progress))


def print_end(progress: GridProgress, store: CellStore) -> None:
    """What failed, with its log."""
    print(f"{_counts(progress)}.")
    _print_failures(progress, store)


def _print_failures(progress: GridProgress, store: CellStore) -> None:
    for key in progress.ids(State.FAILED):
        print(f"failed: {progress.cells[key].title}: {progress.messages.get(key, '')}\n  log: {store.log_path(key)}")
    blocked = progress.ids(State.BLOCKED)
    if blocked:
        print(f"not started, since they need a failed cell: {', '.join(progress.cells[key].title for key in blocked)}")
    if progress.ids(State.FAILED, State.BLOCKED):
        print("Everything else is kept. Try the failed cells again: the same command with --retry-failed.")


class _LogLines:
    """One line for every cell that starts or ends."""

    def __init__(self, store: CellStore) -> None:
        self.store = store
        self.known: dict[str, State] = {}

    def show(self, progress: GridProgress) -> None:
        for key, state in progress.states.items():
            before = self.known.get(key)
            if before is state or (before is None and state in (State.CACHED, State.WAITING)):
                self.known[key] = state
                continue
            self.known[key] = state
            if state is State.WAITING:
                continue
            ended = len(progress.ids(*ENDED))
            took = f" after {show_seconds(progress.seconds[key])}" if key in progress.seconds else ""
            reason = f": {progress.messages[key]}" if key in progress.messages else ""
            print(
                f"[{ended}/{len(progress.cells)}] {progress.cells[key].title} {state.value}{took}{reason}", flush=True
            )


class _LiveTable:
    """What runs, what failed, and the last few that are done."""

    def __init__(self, store: CellStore, slots: int) -> None:
        self.store, self.slots = store, slots
        self._expected: Estimate | None = None
        self._next_look = 0.0

    def render(self, progress: GridProgress) -> Table:
        from rich.markup import escape
        from rich.table import Table

        expected = self._expectation(progress)
        title = f"{_counts(progress)}. {_expected_text(expected, self.slots)}"
        table = Table("cell", "state", "time", "", title=title)
        recent = progress.ids(State.DONE)[-LAST_DONE:]
        for key in [*recent, *progress.ids(State.FAILED, State.RUNNING, State.ELSEWHERE)]:
            name = escape(progress.cells[key].title)
            table.add_row(
                name, _state_text(progress, key), _time_text(progress, key), escape(_note(progress, key, expected))
            )
        return table

    def _expectation(self, progress: GridProgress) -> Estimate:
        # Reads every finished cell's file: not at each frame.
        if self._expected is None or time.monotonic() > self._next_look:
            self._expected = _expectation(progress, self.store, self.slots)
            self._next_look = time.monotonic() + SECONDS_BETWEEN_ESTIMATES
        return self._expected


def _time_text(progress: GridProgress, key: str) -> str:
    if key in progress.started:
        return show_seconds(time.monotonic() - progress.started[key])
    return show_seconds(progress.seconds[key]) if key in progress.seconds else ""


def _note(progress: GridProgress, key: str, expected: Estimate) -> str:
    usual = expected.per_cell.get(key)
    if key in progress.started and usual:
        return f"of about {show_seconds(usual)}"
    lines = progress.messages.get(key, "").splitlines()
    return lines[0][:WIDEST_MESSAGE] if lines else ""


def _expectation(progress: GridProgress, store: CellStore, slots: int) -> Estimate:
    # A failed cell, and what needs it, is not computed unless told to; then it waits.
    open_ids = [key for key, state in progress.states.items() if state not in ENDED]
    return estimate(progress.cells, open_ids, store.seconds_by_workload(), slots)


def _expected_text(expected: Estimate, slots: int) -> str:
    if not expected.per_cell:
        return "Nothing to compute."
    cells = "1 cell" if expected.num_unknown == 1 else f"{expected.num_unknown} cells"
    if expected.num_unknown == len(expected.per_cell):
        return f"To compute: {cells}; how long is unknown until the first are done."
    unknown = f", and {cells} of unknown length" if expected.num_unknown else ""
    return f"To compute: about {show_seconds(expected.seconds)} with {slots} at a time{unknown}."


def _counts(progress: GridProgress) -> str:
    parts = [f"{len(progress.ids(state))} {state.value}" for state in State if progress.ids(state)]
    return ", ".join(parts)


def _state_text(progress: GridProgress, key: str) -> str:
    state = progress.states[key]
    return f"[{STYLES[state]}]{state.value}[/]"
