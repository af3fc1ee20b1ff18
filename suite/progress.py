"""Progress bars: how many of a number of items are done, and when the rest will be."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator
from contextlib import contextmanager
from typing import TYPE_CHECKING, TypeVar

if TYPE_CHECKING:
    from rich.console import Console
    from rich.progress import Progress

T = TypeVar("T")
Track = Callable[[Iterable[T], int], Iterable[T]]
"""From items and their number to the same items, shown as they are taken: how a caller lends its progress bar."""


def track(items: Iterable[T], total: int, description: str) -> Iterable[T]:
    """The items, with a bar on standard error, so that standard output stays the result."""
    from rich.console import Console

    with make_display(Console(stderr=True)) as progress:
        yield from progress.track(items, total=total, description=description)


@contextmanager
def count_on(progress: Progress | bool, text: str, *, total: int, finished: int = 0) -> Iterator[Callable[[], None]]:
    """A new bar, as something to call after each finished item.

    Args:
        progress: A running display that the bar joins; True: a display of its own; False: nothing is shown.
        text: What is done.
        total: Items.
        finished: Of them at the start.
    """
    if isinstance(progress, bool):
        with make_display(disable=not progress) as own:
            task = own.add_task(text, total=total, completed=finished)
            yield lambda: own.advance(task)
        return
    task = progress.add_task(text, total=total, completed=finished)
    yield lambda: progress.advance(task)


def make_display(console: Console | None = None, *, disable: bool = False) -> Progress:
    """A display of bars with counts and the remaining time, not yet running."""
    from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn, TimeRemainingColumn

    columns = (TextColumn("{task.description}"), BarColumn(), MofNCompleteColumn(), TimeRemainingColumn())
    return Progress(*columns, console=console, disable=disable)
