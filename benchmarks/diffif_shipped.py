"""Seconds and memory of the Diff-IF that ships, from small to large images, beside another commit's.

    python -m benchmarks.diffif_shipped                          the forms that ship
    python -m benchmarks.diffif_shipped --against CHECKOUT       and the default fuser of another commit's working tree

Each figure comes from a process of its own with one thread. Seconds are of processor time, the least of some runs: on a
shared machine that is what the method costs. The last column is what a pixel costs relative to 480x640: 1 at every size
is linear.
"""

from __future__ import annotations

import json
import os
import subprocess
import sys
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from suite.command import run_settings

SIZES = ("480x640", "1024x1280", "2048x2048")
FORMS = ("diffif@steps=1", "diffif@steps=4", "diffif@weights=fast")
PROBE = """
import json, resource, sys, time
import torch
torch.set_num_threads(1)
from diffif.fusers.registry import build_fuser
spec, height, width, repeats = sys.argv[1], int(sys.argv[2]), int(sys.argv[3]), int(sys.argv[4])
fuser = build_fuser(spec)
generator = torch.Generator().manual_seed(0)
images = torch.rand(1, 4, height, width, generator=generator)
visible, infrared = images[:, :3].contiguous(), images[:, 3:].contiguous()
fuser.fuse(visible[..., :64, :64], infrared[..., :64, :64])
before = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
seconds = []
for _ in range(repeats):
    start = time.process_time()
    fuser.fuse(visible, infrared)
    seconds.append(time.process_time() - start)
peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
print(json.dumps({"seconds": min(seconds), "mib": (peak - before) / 1024}))
"""


@dataclass(frozen=True, kw_only=True)
class ShippedSettings:
    """What to measure."""

    against: Path | None = None
    """Working tree of another commit."""
    forms: tuple[str, ...] = FORMS
    """Fusers as after --fuser."""
    sizes: tuple[str, ...] = SIZES
    """HxW."""
    repeats: int = 3
    """Runs of each; the least counts."""


def main(argv: Sequence[str] | None = None) -> int:
    return run_settings(run, argv, prog="python -m benchmarks.diffif_shipped", description=__doc__)


def run(options: ShippedSettings) -> int:
    """Print a table in Markdown."""
    here = Path(__file__).resolve().parents[1]
    runs = [(here, "", form) for form in options.forms]
    if options.against:
        runs.insert(0, (options.against.resolve(), "before: ", "diffif@steps=1"))
    print("| fuser | size | seconds | MiB | per pixel |\n| --- | --- | --- | --- | --- |")
    for tree, prefix, form in runs:
        first = None
        for height, width in map(_size, options.sizes):
            found = probe(tree, form, height, width, options.repeats)
            cost = found["seconds"] / (height * width)
            first = first or cost
            cells = [f"{prefix}{form}", f"{height}x{width}", f"{found['seconds']:.3g}", f"{found['mib']:.0f}"]
            print(f"| {' | '.join(cells)} | {cost / first:.2f} |", flush=True)
    return 0


def probe(tree: Path, form: str, height: int, width: int, repeats: int) -> dict[str, float]:
    """Measure one fuser at one size in a process of its own, with the code of a working tree."""
    command = [sys.executable, "-c", PROBE, form, str(height), str(width), str(repeats)]
    environment = os.environ | {"PYTHONPATH": str(tree), "OMP_NUM_THREADS": "1"}
    done = subprocess.run(command, cwd=tree, env=environment, capture_output=True, text=True, check=False)
    if done.returncode != 0:
        raise SystemExit(f"{form} at {height}x{width} in {tree} failed:\n{done.stderr[-2000:]}")
    found: dict[str, float] = json.loads(done.stdout.splitlines()[-1])
    return found


def _size(text: str) -> tuple[int, int]:
    height, _, width = text.partition("x")
    return int(height), int(width)


if __name__ == "__main__":
    sys.exit(main())
