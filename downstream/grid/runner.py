"""Runs the cells of a grid: what is done stays, what can run runs, what fails is recorded and stops nobody else.

The state of the work is on the disk alone (`downstream.grid.store`). So a runner can be killed at any moment, and
several runners, on several machines, can share one working folder: each computes what nobody else computes.
"""

from __future__ import annotations

import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from enum import Enum

from downstream.grid.cell import Cell, Place
from downstream.grid.engines.engine import Engine, Finished
from downstream.grid.lock import is_held
from downstream.grid.store import CellStore
from downstream.grid.worker import BUSY_STATUS, DONE_STATUS, INTERRUPTED_STATUS

POLL_SECONDS = 0.2
ELSEWHERE_SECONDS = 2.0
"""Between two looks at a cell that another runner computes."""


class State(Enum):
    """What a cell is doing; the value is what a person reads."""

    CACHED = "cached"
    WAITING = "waiting"
    RUNNING = "running"
    ELSEWHERE = "elsewhere"
    DONE = "done"
    FAILED = "failed"
    BLOCKED = "blocked"


FINISHED = frozenset({State.CACHED, State.DONE})
ENDED = frozenset({*FINISHED, State.FAILED, State.BLOCKED})


@dataclass
class GridProgress:
    """A grid in work."""

    cells: Mapping[str, Cell]
    """By cell id, each after what it needs."""
    states: dict[str, State]
    seconds: dict[str, float] = field(default_factory=dict)
    """Of cells that this runner finished."""
    started: dict[str, float] = field(default_factory=dict)
    """Monotonic clock, of cells that run."""
    messages: dict[str, str] = field(default_factory=dict)
    """Why a cell failed or is blocked."""

    def ids(self, *states: State) -> list[str]:
        """The cells in one of these states."""
        return [key for key, state in self.states.items() if state in states]

    @property
    def is_over(self) -> bool:
        """Nothing runs and nothing can be started."""
        return all(state in ENDED for state in self.states.values())

    @property
    def succeeded(self) -> bool:
        """Every cell is done."""
        return all(state in FINISHED for state in self.states.values())


def survey(cells: Mapping[str, Cell], store: CellStore, *, retry_failed: bool = False) -> GridProgress:
    """How far a grid is, without computing anything.

    Args:
        cells: By cell id, each after what it needs.
        store: The working folder's.
        retry_failed: Count failed cells among those that wait.
    """
    progress = GridProgress(cells, {})
    for key in cells:
        failure = None if retry_failed else store.failure(key)
        if store.is_done(key):
            progress.states[key] = State.CACHED
        elif is_held(store.folder(key)):
            progress.states[key] = State.ELSEWHERE
        elif failure:
            progress.states[key] = State.FAILED
            progress.messages[key] = failure.message
        else:
            progress.states[key] = State.WAITING
    _block(progress)
    return progress


def run_grid(
    cells: Mapping[str, Cell],
    store: CellStore,
    engine: Engine,
    place: Place,
    *,
    retry_failed: bool = False,
    commands: Mapping[str, str] | None = None,
    on_change: Callable[[GridProgress], None] = lambda progress: None,
) -> GridProgress:
    """Compute every cell that is not done.

    Args:
        cells: By cell id, each after what it needs (`downstream.grid.cell.with_needs`).
        store: The working folder's.
        engine: Where to compute.
        place: What every cell is told about its place.
        retry_failed: Try failed cells again.
        commands: The command that reproduces a cell, by cell id.
        on_change: Called often, with the state of the grid.

    Returns:
        The last state: every cell done, cached, failed, or blocked by one that failed.
    """
    return _Runner(cells, store, engine, place, commands or {}, on_change).run(retry_failed)


class _Runner:
    def __init__(
        self,
        cells: Mapping[str, Cell],
        store: CellStore,
        engine: Engine,
        place: Place,
        commands: Mapping[str, str],
        on_change: Callable[[GridProgress], None],
    ) -> None:
        self.cells, self.store, self.engine, self.place = cells, store, engine, place
        self.commands, self.on_change = commands, on_change
        self.progress = GridProgress(cells, {})
        self._next_look = 0.0

    def run(self, retry_failed: bool) -> GridProgress:
        self.progress = survey(self.cells, self.store, retry_failed=retry_failed)
        try:
            while not self.progress.is_over:
                for finished in self.engine.finished():
                    self._settle(finished)
                self._look_elsewhere()
                _block(self.progress)
                self._start_ready()
                self.on_change(self.progress)
                if not self.progress.is_over:
                    time.sleep(POLL_SECONDS)
        finally:
            self.engine.stop()
        self.on_change(self.progress)
        return self.progress

    def _settle(self, finished: Finished) -> None:
        key, progress = finished.cell_id, self.progress
        began = progress.started.pop(key)
        if finished.status == BUSY_STATUS:
            progress.states[key] = State.ELSEWHERE
        elif finished.status == DONE_STATUS and self.store.is_done(key):
            progress.states[key] = State.DONE
            progress.seconds[key] = time.monotonic() - began
        else:
            self._note_failure(finished)

    def _note_failure(self, finished: Finished) -> None:
        key = finished.cell_id
        failure = self.store.failure(key)
        if failure is None:
            message = explain_status(finished.status)
            self.store.append_log(key, f"{finished.output}\n{message}\n")
            self.store.write_failure(key, self.cells[key].title, message)
        self.progress.states[key] = State.FAILED
        self.progress.messages[key] = failure.message if failure else message

    def _look_elsewhere(self) -> None:
        elsewhere = self.progress.ids(State.ELSEWHERE)
        if not elsewhere or time.monotonic() < self._next_look:
            return
        self._next_look = time.monotonic() + ELSEWHERE_SECONDS
        for key in elsewhere:
            if self.store.is_done(key):
                self.progress.states[key] = State.CACHED
            elif not is_held(self.store.folder(key)):
                # Its runner failed or was killed. A failure is its own to report; otherwise it is our turn.
                failure = self.store.failure(key)
                self.progress.states[key] = State.FAILED if failure else State.WAITING
                if failure:
                    self.progress.messages[key] = failure.message

    def _start_ready(self) -> None:
        # Cells that must run alone come last, when nothing else is left to run beside.
        for key in sorted(self.progress.ids(State.WAITING), key=lambda key: self.cells[key].exclusive):
            cell = self.cells[key]
            if not self._is_ready(cell) or not self.engine.has_room(cell):
                continue
            running = self.progress.ids(State.RUNNING)
            if running and (cell.exclusive or any(self.cells[other].exclusive for other in running)):
                continue
            if self.store.is_done(key):
                self.progress.states[key] = State.CACHED
            elif is_held(self.store.folder(key)):
                self.progress.states[key] = State.ELSEWHERE
            else:
                self._start(key, cell)

    def _is_ready(self, cell: Cell) -> bool:
        return all(self.progress.states[needed.cell_id] in FINISHED for needed in cell.needs())

    def _start(self, key: str, cell: Cell) -> None:
        place = Place(
            workdir=self.place.workdir,
            device=self.place.device,
            threads=self.place.threads,
            command=self.commands.get(key, self.place.command),
        )
        self.store.clear_failure(key)
        self.engine.start(cell, self.store.write_request(cell, place))
        self.progress.states[key] = State.RUNNING
        self.progress.started[key] = time.monotonic()


def explain_status(status: int) -> str:
    """Why a worker ended that could not say so itself.

    >>> explain_status(-9)
    'the worker was killed by signal 9 (out of memory?).'
    """
    if status == -9:
        return "the worker was killed by signal 9 (out of memory?)."
    if status < 0:
        return f"the worker was killed by signal {-status}."
    if status == DONE_STATUS:
        return "the worker ended well, but what it should have left behind is not there."
    if status == INTERRUPTED_STATUS:
        return "the worker was interrupted."
    return f"the worker ended with status {status} before it could compute."


def _block(progress: GridProgress) -> None:
    """Cells that need a failed one cannot run; in their order, so that it spreads in one pass."""
    for key, cell in progress.cells.items():
        if progress.states[key] is not State.WAITING:
            continue
        bad = [n for n in cell.needs() if progress.states[n.cell_id] in (State.FAILED, State.BLOCKED)]
        if bad:
            progress.states[key] = State.BLOCKED
            progress.messages[key] = f"needs {bad[0].title}"
