"""A process that has loaded the heavy libraries once and forks the worker of every cell: a start saves two seconds.

    python -m downstream.grid.engines.nursery

Standard input holds one JSON line per order: `{"folder": ..., "output": ..., "environment": {...}}` starts a worker,
`"stop"` ends all of them. Standard output gets `{"folder": ..., "status": ...}` when a worker ended. When the input
ends, the nursery ends as well; workers that still compute finish by themselves, as after the death of their runner.
"""

from __future__ import annotations

import contextlib
import gc
import json
import os
import selectors
import signal
import sys
import time
import traceback
from typing import Any

PRELOADED = ("torch", "pandas", "cv2", "datasets.images", "downstream.grid.worker")
"""Imported only: no thread is started and no GPU is touched before the fork."""
STOP_SECONDS = 10.0
"""Time that workers have to end when asked to, before they are killed."""


def main() -> int:
    """Fork workers until the input ends."""
    # Ctrl-C is the runner's business: it ends the workers and closes the input.
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    for module in PRELOADED:
        with contextlib.suppress(ImportError):
            __import__(module)
    gc.freeze()
    reading, writing = os.pipe()
    os.set_blocking(writing, False)
    signal.set_wakeup_fd(writing)
    signal.signal(signal.SIGCHLD, lambda number, frame: None)
    folders: dict[int, str] = {}
    rest = b""
    with selectors.DefaultSelector() as selector:
        selector.register(0, selectors.EVENT_READ)
        selector.register(reading, selectors.EVENT_READ)
        while True:
            ready = {key.fd for key, _ in selector.select()}
            if reading in ready:
                os.read(reading, 4096)
                _report_ended(folders)
            if 0 in ready:
                read = os.read(0, 65536)
                if not read:
                    return 0
                *lines, rest = (rest + read).split(b"\n")
                for line in lines:
                    order = json.loads(line)
                    if order == "stop":
                        return _stop(folders)
                    folders[_start(order)] = order["folder"]


def _start(order: dict[str, Any]) -> int:
    pid = os.fork()
    if pid:
        return pid
    status = 1
    try:
        signal.set_wakeup_fd(-1)
        signal.signal(signal.SIGCHLD, signal.SIG_DFL)
        signal.signal(signal.SIGINT, signal.default_int_handler)
        output = os.open(order["output"], os.O_WRONLY | os.O_CREAT | os.O_APPEND, 0o600)
        nothing = os.open(os.devnull, os.O_RDONLY)
        for source, target in ((nothing, 0), (output, 1), (output, 2)):
            os.dup2(source, target)
        os.environ.clear()
        os.environ.update(order["environment"])
        status = _work(order["folder"])
    except BaseException:
        traceback.print_exc()
    finally:
        sys.stdout.flush()
        sys.stderr.flush()
        # Not sys.exit: what the nursery would do at its end is not the worker's to do.
        os._exit(status)


def _work(folder: str) -> int:
    from downstream.grid import worker

    if "torch" in sys.modules:
        # The libraries read their number of threads when they were loaded.
        sys.modules["torch"].set_num_threads(int(os.environ.get("OMP_NUM_THREADS", "1")))
    return worker.main([folder])


def _report_ended(folders: dict[int, str]) -> None:
    while folders:
        pid, status = os.waitpid(-1, os.WNOHANG)
        if pid == 0:
            return
        line = json.dumps({"folder": folders.pop(pid), "status": os.waitstatus_to_exitcode(status)})
        with contextlib.suppress(BrokenPipeError):
            os.write(1, line.encode() + b"\n")


def _stop(folders: dict[int, str]) -> int:
    """Ask every worker to end, then make it."""
    deadline = time.monotonic() + STOP_SECONDS
    for number in (signal.SIGTERM, signal.SIGKILL):
        for pid in folders:
            with contextlib.suppress(ProcessLookupError):
                os.kill(pid, number)
        while folders and (number == signal.SIGKILL or time.monotonic() < deadline):
            _report_ended(folders)
            time.sleep(0.02)
    return 0


if __name__ == "__main__":
    sys.exit(main())
