"""How much quicker the metrics are than a plain scipy evaluator of the same definitions, in one run on one machine.

    python -m benchmarks.metrics [--threads 1] [--repeats 3]

Prints seconds, their ratio and the largest relative difference for one pair of 480x640, what further candidates of the
same pair cost, and the peak memory of one pair of 1024x1280.
"""

from __future__ import annotations

import resource
import subprocess
import sys
import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from functools import partial

import numpy as np
import torch
from torch import Tensor

from benchmarks.metrics_reference import reference_scores
from diffif.metrics import DEFAULT_METRICS, Sources, evaluate
from suite.command import run_settings

METRICS = (*DEFAULT_METRICS, "psnr")
SEARCH_METRICS = ("ssim", "vif", "qabf")
SMALL, LARGE = (480, 640), (1024, 1280)
KIBIBYTES_PER_MEBIBYTE = 1024


def make_triple(height: int, width: int) -> tuple[Tensor, Tensor, Tensor]:
    """Fused, visible, infrared: smooth scenes with texture, whole grey levels in [0, 1]."""
    generator = torch.Generator().manual_seed(0)
    coarse = torch.rand((1, 2, height // 16, width // 16), generator=generator)
    smooth = torch.nn.functional.interpolate(coarse, (height, width), mode="bicubic").clamp(0, 1)
    scene = (0.8 * smooth + 0.2 * torch.rand((1, 2, height, width), generator=generator)).clamp(0, 1)
    visible, infrared = scene[:, :1], scene[:, 1:]
    return tuple((image * 255).round() / 255 for image in (0.5 * visible + 0.5 * infrared, visible, infrared))


def best_seconds(action: Callable[[], object], repeats: int, clock: Callable[[], float]) -> float:
    """The best of several times by a clock."""
    best = float("inf")
    for _ in range(repeats):
        start = clock()
        action()
        best = min(best, clock() - start)
    return best


def peak_mebibytes() -> float:
    return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / KIBIBYTES_PER_MEBIBYTE


def measure_memory() -> None:
    """Print the growth of the peak while one large pair is scored; run in a process of its own."""
    images = make_triple(*LARGE)
    evaluate(*(image[..., :64, :64] for image in images), metrics=METRICS)
    before = peak_mebibytes()
    evaluate(*images, metrics=METRICS)
    print(f"{before:.0f} {peak_mebibytes():.0f}")


@dataclass(frozen=True, kw_only=True)
class SpeedSettings:
    """How it is measured."""

    threads: int = 1
    """CPU threads."""
    repeats: int = 5
    """Timed runs; the best counts."""
    memory_only: bool = False
    """Print the memory of one large pair alone; used by the command itself."""


def main(argv: Sequence[str] | None = None) -> int:
    return run_settings(run, argv, prog="python -m benchmarks.metrics", description=__doc__)


def run(settings: SpeedSettings) -> int:
    torch.set_num_threads(settings.threads)
    if settings.memory_only:
        measure_memory()
        return 0
    images = make_triple(*SMALL)
    levels = [np.rint(image[0, 0].double().numpy() * 255) for image in images]
    expected, scores = reference_scores(*levels), evaluate(*images, metrics=METRICS)
    difference = max(abs(scores[name].item() / expected[name] - 1) for name in METRICS)
    # Processor time, where it can be had, leaves out the other processes of a shared machine.
    best = partial(best_seconds, clock=time.process_time if settings.threads == 1 else time.perf_counter)
    sources = Sources(images[1], images[2])
    plain = best(lambda: reference_scores(*levels), max(2, settings.repeats // 2))
    ours = best(lambda: evaluate(*images, metrics=METRICS), 4 * settings.repeats)
    again = best(lambda: sources.score(images[0], metrics=METRICS), 4 * settings.repeats)
    search = best(lambda: sources.score(images[0], metrics=SEARCH_METRICS), 4 * settings.repeats)
    print(f"{len(METRICS)} metrics, {SMALL[0]}x{SMALL[1]}, {settings.threads} thread(s), best of several runs")
    print(f"plain scipy evaluator      {plain:8.4f} s")
    print(f"diffif.metrics.evaluate    {ours:8.4f} s   ratio {plain / ours:5.1f}")
    print(f"one more candidate         {again:8.4f} s   ratio {plain / again:5.1f}")
    print(f"  of it for the search     {search:8.4f} s   (SSIM, VIF, Qabf)")
    print(f"largest relative difference {difference:.1e}")
    command = [sys.executable, "-m", "benchmarks.metrics", "--memory-only", "--threads", str(settings.threads)]
    before, peak = subprocess.run(command, check=True, capture_output=True, text=True).stdout.split()
    print(f"peak memory of a pair of {LARGE[0]}x{LARGE[1]}: {peak} MiB, of it {before} MiB before the first score")
    return 0


if __name__ == "__main__":
    sys.exit(main())
