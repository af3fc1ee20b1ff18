"""Worker processes that fuse and score pairs side by side, each on one thread.

One thread each, because sums that several threads share are rounded differently: so the number of workers changes no
digit of the result. Processes, because fusers need not be safe in threads.
"""

from __future__ import annotations

import multiprocessing
import os
import signal
import threading
from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import ProcessPoolExecutor, as_completed
from concurrent.futures.process import BrokenProcessPool
from types import TracebackType
from typing import TypeVar

import cv2
import torch

from suite.errors import BenchError, DeviceError, MissingPackage, SettingsError, UnknownName

Item = TypeVar("Item")
Result = TypeVar("Result")

MOST_BY_DEFAULT = 8
"""Each worker holds its own copy of a network."""
IMAGES_PER_WORKER = 300
THREAD_VARIABLES = ("OMP_NUM_THREADS", "MKL_NUM_THREADS", "OPENBLAS_NUM_THREADS")


def default_jobs(num_images: int) -> int:
    """How many workers pay off: at most one per core allotted to this process, and `MOST_BY_DEFAULT`.

    Args:
        num_images: Candidates to fuse and score. A worker takes seconds to start, as long as scoring some dozens takes.
    """
    cores = len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count() or 1
    return min(cores, MOST_BY_DEFAULT, 1 + num_images // IMAGES_PER_WORKER)


class Workers:
    """A pool of processes, open while its `with` block runs.

    Args:
        jobs: Number of processes; 1: the calling process does the work itself, on one thread of torch; None: likewise,
            on as many threads as it has.

    Raises:
        SettingsError: fewer than one.
    """

    def __init__(self, jobs: int | None = None) -> None:
        if jobs is not None and jobs < 1:
            raise SettingsError(f"--jobs must be at least 1, got {jobs}")
        self.jobs = jobs
        self._executor: ProcessPoolExecutor | None = None
        self._environment: dict[str, str | None] = {}
        self._num_threads = torch.get_num_threads()

    @property
    def are_processes(self) -> bool:
        """Whether the work leaves the calling process."""
        return self.jobs is not None and self.jobs > 1

    def __enter__(self) -> Workers:
        if self.jobs == 1:
            torch.set_num_threads(1)
        elif self.jobs is not None:
            # Read by the workers' libraries when they are imported; workers start one by one while work comes in.
            self._environment = {name: os.environ.get(name) for name in THREAD_VARIABLES}
            os.environ.update(dict.fromkeys(THREAD_VARIABLES, "1"))
            context = multiprocessing.get_context("spawn")
            self._executor = ProcessPoolExecutor(self.jobs, mp_context=context, initializer=_start_worker)
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, traceback: TracebackType | None
    ) -> None:
        torch.set_num_threads(self._num_threads)
        if self._executor is not None:
            self._executor.shutdown(wait=True, cancel_futures=True)
            self._executor = None
            for name, value in self._environment.items():
                if value is None:
                    os.environ.pop(name, None)
                else:
                    os.environ[name] = value

    def map(
        self, function: Callable[[Item], Result], items: Sequence[Item], *, done: Callable[[], None] | None = None
    ) -> list[Result]:
        """The function's result for every item, in their order.

        Args:
            function: Picklable, if there are processes: a function of a module, a partial of one, a dataclass.
            items: Likewise.
            done: Called after each finished item.

        Raises:
            BenchError: what the function raises; what waits is dropped, what runs is finished.
            DeviceError: a worker died.
        """
        found: dict[int, Result] = {}
        for place, result in self.each(function, items):
            found[place] = result
            if done:
                done()
        return [found[place] for place in range(len(items))]

    def each(self, function: Callable[[Item], Result], items: Sequence[Item]) -> Iterator[tuple[int, Result]]:
        """Place and result of every item as soon as it is finished; arguments and errors as in `map`."""
        if self._executor is None:
            yield from ((place, function(item)) for place, item in enumerate(items))
            return
        places = {self._executor.submit(_guarded, function, item): place for place, item in enumerate(items)}
        try:
            for future in as_completed(places):
                yield places[future], future.result()
        except BrokenProcessPool as error:
            raise DeviceError(
                f"one of {self.jobs} worker processes died, probably for want of memory; finished images and scores "
                f"are kept. Run the same command again with fewer: --jobs {max(1, (self.jobs or 2) // 2)}"
            ) from error
        finally:
            for future in places:
                future.cancel()


def _guarded(function: Callable[[Item], Result], item: Item) -> Result:
    try:
        return function(item)
    except (UnknownName, MissingPackage) as error:
        # Their constructors take more than a message, so that they cannot be rebuilt from a pickle.
        raise BenchError(str(error)) from error


def _start_worker() -> None:
    torch.set_num_threads(1)
    cv2.setNumThreads(1)
    # Ctrl-C is the parent's to answer; it lets the running pairs finish.
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    threading.Thread(target=_end_with_parent, daemon=True).start()


def _end_with_parent() -> None:
    parent = multiprocessing.parent_process()
    if parent is not None:
        parent.join()
        os._exit(1)
