"""One cost measurement in a process of its own, so that running out of memory ends a probe and not the command.

`python -m downstream.cost.probe REQUEST` prints one JSON line; `measure_cost` starts it and reads what is left of it.
"""

from __future__ import annotations

import json
import math
import os
import resource
import signal
import statistics
import subprocess
import sys
import time
from collections.abc import Callable
from dataclasses import asdict, dataclass
from pathlib import Path

from suite.errors import BenchError, SettingsError

GIB = 2**30
OUT_OF_MEMORY_STATUS = 77
OUT_OF_MEMORY_WORDS = ("out of memory", "can't allocate memory", "not enough memory", "cannot allocate memory")
MARK = "probe: "


@dataclass(frozen=True, kw_only=True)
class Request:
    """What to measure."""

    fuser: str
    max_memory_gib: float | None = None
    """Memory budget of the fuser, above which it works in tiles."""
    height: int
    width: int
    device: str
    repeats: int
    warmup: int
    memory_limit_gib: float
    """Of the whole process; exceeding it counts as out of memory."""
    timeout_seconds: float
    num_threads: int


@dataclass(frozen=True, kw_only=True)
class Cost:
    """What one fuser takes for one image of one size; nan where it could not be measured."""

    milliseconds: float = math.nan
    """Median of the repeats, synchronised."""
    flops: float = math.nan
    """Floating-point operations of matrix products and convolutions; nan for methods that run no network."""
    peak_memory: float = math.nan
    """Bytes at the highest moment beyond what the process held before the fuser was built (GPU: allocated)."""
    failure: str = ""
    """"out of memory", "timeout", or empty."""


def measure_cost(request: Request) -> Cost:
    """Measure in a fresh process.

    Raises:
        SettingsError: the fuser itself failed; its message is passed on.
    """
    command = [sys.executable, "-m", "downstream.cost.probe", json.dumps(asdict(request))]
    environment = {**os.environ, "OMP_NUM_THREADS": str(request.num_threads)}
    try:
        done = subprocess.run(
            command, capture_output=True, text=True, timeout=request.timeout_seconds, env=environment, check=False
        )
    except subprocess.TimeoutExpired:
        return Cost(failure="timeout")
    if _ran_out_of_memory(done.returncode, done.stderr):
        return Cost(failure="out of memory")
    lines = [line for line in done.stdout.splitlines() if line.startswith(MARK)]
    if done.returncode != 0 or not lines:
        reason = done.stderr.strip().splitlines()[-1:] or [f"it ended with status {done.returncode}."]
        raise SettingsError(
            f"measuring {request.fuser} at {request.height}x{request.width} failed: {reason[0]} "
            f"Try it alone: python -m downstream.cost --fuser {request.fuser} --debug"
        )
    return Cost(**json.loads(lines[-1].removeprefix(MARK)))


def _ran_out_of_memory(status: int, errors: str) -> bool:
    # The kernel's out-of-memory killer leaves no word, only its signal; C++ aborts and names the exception.
    aborted = status == -signal.SIGABRT and "bad_alloc" in errors
    return status in (OUT_OF_MEMORY_STATUS, -signal.SIGKILL) or aborted


def default_memory_limit() -> float:
    """Nine tenths of what is free now, in GiB, so that a probe fails before it makes the machine swap."""
    import psutil

    return float(0.9 * psutil.virtual_memory().available / GIB)


def main() -> int:
    """Measure what the first argument asks for."""
    request = Request(**json.loads(sys.argv[1]))
    try:
        cost = _probe(request)
    except BenchError as error:
        print(error, file=sys.stderr)
        return 1
    except (MemoryError, RuntimeError) as error:
        if isinstance(error, MemoryError) or any(words in str(error).lower() for words in OUT_OF_MEMORY_WORDS):
            return OUT_OF_MEMORY_STATUS
        raise
    print(MARK + json.dumps(asdict(cost)), flush=True)
    return 0


def _probe(request: Request) -> Cost:
    import torch
    from torch.utils.flop_counter import FlopCounterMode

    from downstream.methods import build_with_budget

    torch.set_num_threads(request.num_threads)
    on_gpu = request.device.startswith("cuda")
    _limit_memory(request.memory_limit_gib)
    before = _resident("VmRSS")
    fuser = build_with_budget(request.fuser, request.max_memory_gib, request.device)
    generator = torch.Generator().manual_seed(0)
    visible = torch.rand((1, 3, request.height, request.width), generator=generator)
    infrared = torch.rand((1, 1, request.height, request.width), generator=generator)

    def fuse() -> None:
        fuser.fuse(visible, infrared)
        if on_gpu:
            torch.cuda.synchronize()

    _reset_peak(on_gpu)
    fuse()
    peak = float(torch.cuda.max_memory_allocated()) if on_gpu else max(_resident("VmHWM") - before, 0.0)
    for _ in range(request.warmup):
        fuse()
    times = [_timed(fuse) for _ in range(request.repeats)]
    flops = math.nan
    if fuser.num_parameters:
        with FlopCounterMode(display=False) as counter:
            fuse()
        flops = float(counter.get_total_flops())
    return Cost(milliseconds=1000 * statistics.median(times), flops=flops, peak_memory=peak)


def _timed(action: Callable[[], None]) -> float:
    start = time.perf_counter()
    action()
    return time.perf_counter() - start


def _limit_memory(limit_gib: float) -> None:
    # Data and anonymous memory, not address space: CUDA and thread pools reserve far more addresses than they use.
    limit = int(limit_gib * GIB)
    resource.setrlimit(resource.RLIMIT_DATA, (limit, limit))


def _resident(field: str) -> float:
    """Bytes of VmRSS (now) or VmHWM (highest) of this process; elsewhere than on Linux the highest for both."""
    status = Path("/proc/self/status")
    if status.is_file():
        for line in status.read_text(encoding="ascii").splitlines():
            if line.startswith(f"{field}:"):
                return 1024.0 * float(line.split()[1])
    return 1024.0 * resource.getrusage(resource.RUSAGE_SELF).ru_maxrss


def _reset_peak(on_gpu: bool) -> None:
    if on_gpu:
        import torch

        torch.cuda.reset_peak_memory_stats()
        return
    # Importing torch may once have held more than the fuser needs: the kernel forgets the old peak on "5".
    clear = Path("/proc/self/clear_refs")
    if clear.exists() and os.access(clear, os.W_OK):
        clear.write_text("5", encoding="ascii")


if __name__ == "__main__":
    sys.exit(main())
