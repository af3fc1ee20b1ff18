"""How much faster and leaner Diff-IF is here than its arithmetic written down straight; every figure is a ratio.

    python -m benchmarks.diffif speed     480x640, four steps: seconds of both, ratio, largest difference of a pixel
    python -m benchmarks.diffif memory    960x1440: peak memory of both; 2048x2048 in tiles within a budget
    python -m benchmarks.diffif all

The networks have the published sizes and, unless --weights names a checkpoint, seeded random parameters: neither time
nor memory depends on their values. Each memory figure is the peak of a process of its own; the share is that of the
whole processes, interpreter and libraries included.
"""

from __future__ import annotations

import json
import os
import platform
import resource
import statistics
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Annotated, Literal

from suite.command import run_settings
from suite.options import Argument

SPEED_SIZE = (480, 640)
MEMORY_SIZE = (960, 1440)
TILED_SIZE = (2048, 2048)
TILED_BUDGET_GIB = 6.0
TILED_MARGIN_GIB = 1.0
"""Left for the interpreter, the weights and the image itself when the budget is turned into tiles."""
RANDOM_SCALE = 0.05
GIB = 2**30


@dataclass(frozen=True, kw_only=True)
class MeasureSettings:
    """What is measured, and how."""

    what: Annotated[Literal["speed", "memory", "all", "peak"], Argument(positional=True)]
    """speed, memory or all; peak is used by memory itself."""
    weights: Path | None = None
    """A Diff-IF checkpoint; without it random parameters."""
    steps: int = 4
    """Denoising steps."""
    repeats: int = 3
    """Timed runs of each; the median counts."""
    size: Annotated[str | None, Argument(metavar="HxW")] = None
    """Instead of the size of the target."""
    dtype: Literal["float32", "bfloat16"] = "float32"
    """Arithmetic of the networks."""
    threads: int = os.cpu_count() or 1
    """CPU threads."""
    which: Literal["reference", "fuser", "tiled"] | None = None
    """Only for peak."""
    json: bool = False
    """Print one JSON object."""

    @property
    def height_width(self) -> tuple[int, int] | None:
        """`size` as numbers."""
        if self.size is None:
            return None
        height, _, width = self.size.partition("x")
        return int(height), int(width)


def main(argv: Sequence[str] | None = None) -> int:
    """Print the figures as text, and as JSON with --json."""
    return run_settings(run, argv, prog="python -m benchmarks.diffif", description=__doc__)


def run(options: MeasureSettings) -> int:
    """Measure and print; 0 if every target is met, 1 otherwise."""
    if options.what == "peak":
        print(json.dumps(measure_peak(options)))
        return 0
    rows: dict[str, float | str] = {"machine": platform.processor() or platform.machine(), "threads": options.threads}
    targets: list[bool] = []
    with tempfile.TemporaryDirectory() as folder:
        options = replace(options, weights=options.weights or write_random_checkpoint(Path(folder)))
        if options.what in ("speed", "all"):
            rows |= measure_speed(options)
            targets += [rows["speedup"] >= 2, rows["speedup_one_step"] >= 7, rows["max_difference_255"] <= 1]  # type: ignore[operator]
        if options.what in ("memory", "all"):
            rows |= measure_memory(options)
            targets += [rows["memory_share"] <= 1 / 3, rows["tiled_peak_gib"] <= TILED_BUDGET_GIB]  # type: ignore[operator]
    print(json.dumps(rows) if options.json else "\n".join(f"{name:24} {_shown(value)}" for name, value in rows.items()))
    return 0 if all(targets) else 1


def measure_speed(options: MeasureSettings) -> dict[str, float | str]:
    """Both on the same pair with the same noise, alternating, so that a busy machine disturbs both alike."""
    import torch

    from diffif.fusers.diffusion.diffif import DiffIFFuser

    torch.set_num_threads(options.threads)
    size = options.height_width or SPEED_SIZE
    fuser = DiffIFFuser(weights=options.weights, steps=options.steps, dtype=options.dtype)
    one_step = DiffIFFuser(weights=options.weights, steps=1, dtype=options.dtype)
    visible, infrared = make_pair(*size)
    y = (visible * torch.tensor([0.299, 0.587, 0.114]).view(1, 3, 1, 1)).sum(dim=1, keepdim=True)
    reference = reference_fuser(fuser, options.steps)

    def ours(which: DiffIFFuser) -> Callable[[], torch.Tensor]:
        return lambda: which.fuse(y.expand(-1, 3, -1, -1), infrared)[:, :1]

    runs = {"reference": lambda: reference(y, infrared), "fuser": ours(fuser), "one_step": ours(one_step)}
    small = make_pair(64, 64)[1]
    fuser.fuse(small.expand(-1, 3, -1, -1), small)
    reference(small, small)
    seconds: dict[str, list[float]] = {name: [] for name in runs}
    cpu_seconds: dict[str, list[float]] = {name: [] for name in runs}
    results = {}
    for _ in range(options.repeats):
        for name, run in runs.items():
            start, start_cpu = time.perf_counter(), time.process_time()
            results[name] = run()
            seconds[name].append(time.perf_counter() - start)
            cpu_seconds[name].append(time.process_time() - start_cpu)
    median = {name: statistics.median(values) for name, values in seconds.items()}
    median_cpu = {name: statistics.median(values) for name, values in cpu_seconds.items()}
    return {
        "size": f"{size[0]}x{size[1]}",
        "steps": options.steps,
        "dtype": options.dtype,
        "reference_seconds": median["reference"],
        "seconds": median["fuser"],
        "one_step_seconds": median["one_step"],
        "speedup": median["reference"] / median["fuser"],
        "speedup_one_step": median["reference"] / median["one_step"],
        "speedup_cpu_time": median_cpu["reference"] / median_cpu["fuser"],
        "speedup_cpu_time_one_step": median_cpu["reference"] / median_cpu["one_step"],
        "max_difference_255": 255 * (results["reference"] - results["fuser"]).abs().max().item(),
    }


def measure_memory(options: MeasureSettings) -> dict[str, float | str]:
    """Peaks of three processes. One step each: every step has the same peak."""
    peaks = {}
    for which in ("reference", "fuser", "tiled"):
        command = [sys.executable, "-m", "benchmarks.diffif", "peak", "--which", which, "--steps", "1"]
        command += ["--weights", str(options.weights), "--threads", str(options.threads), "--dtype", options.dtype]
        if options.size and which != "tiled":
            command += ["--size", options.size]
        done = subprocess.run(command, capture_output=True, text=True, check=False)
        if done.returncode != 0:
            raise SystemExit(f"measuring the memory of {which} failed (exit {done.returncode}):\n{done.stderr}")
        peaks[which] = json.loads(done.stdout)
    return {
        "memory_size": peaks["fuser"]["size"],
        "reference_peak_gib": peaks["reference"]["total_gib"],
        "peak_gib": peaks["fuser"]["total_gib"],
        "memory_share": peaks["fuser"]["total_gib"] / peaks["reference"]["total_gib"],
        "peak_bytes_per_pixel": peaks["fuser"]["bytes_per_pixel"],
        "tiled_size": peaks["tiled"]["size"],
        "tiled_peak_gib": peaks["tiled"]["total_gib"],
    }


def measure_peak(options: MeasureSettings) -> dict[str, float | str]:
    """Peak resident memory of fusing one pair in this process, beyond what it held before, and in total."""
    import torch

    from diffif.fusers.diffusion.diffif import DiffIFFuser

    torch.set_num_threads(options.threads)
    height, width = options.height_width or (TILED_SIZE if options.which == "tiled" else MEMORY_SIZE)
    fuser = DiffIFFuser(weights=options.weights, steps=options.steps, dtype=options.dtype)
    visible, infrared = make_pair(height, width)
    before = _peak_bytes()
    if options.which == "reference":
        reference_fuser(fuser, options.steps)(visible[:, :1], infrared)
    else:
        fuser.max_memory_gib = TILED_BUDGET_GIB - TILED_MARGIN_GIB if options.which == "tiled" else None
        fuser.fuse(visible, infrared)
    peak = _peak_bytes()
    return {
        "size": f"{height}x{width}",
        "peak_gib": (peak - before) / GIB,
        "total_gib": peak / GIB,
        "bytes_per_pixel": (peak - before) / (height * width),
    }


def reference_fuser(fuser, steps: int):  # type: ignore[no-untyped-def]
    """Luma and infrared in [0, 1] to fused luma, by the straight implementation with the weights of a fuser."""
    from benchmarks.diffif_reference import sample_reference
    from diffif.model.noise import ImageNoise

    state = {name: value.detach().contiguous() for name, value in fuser.model.named_parameters()}
    groups = fuser.model.settings.denoiser.norm_groups

    def fuse(y, infrared):  # type: ignore[no-untyped-def]
        import torch

        noise = ImageNoise(fuser.sampler.seed, *y.shape[-2:])
        condition = 2 * torch.cat([y, infrared], dim=1) - 1
        noises = [noise(number) for number in range(steps)]
        return (sample_reference(state, condition, noises, groups=groups, num_steps=steps) + 1) / 2

    return fuse


def write_random_checkpoint(folder: Path) -> Path:
    """The published network with seeded normal parameters; scales of normalisations around 1."""
    import torch

    from diffif.model.checkpoint import save_checkpoint
    from diffif.model.diffusion import DiffIF

    model = DiffIF()
    generator = torch.Generator().manual_seed(0)
    with torch.no_grad():
        for name, parameter in model.named_parameters():
            centre = 1.0 if parameter.ndim == 1 and name.endswith(".weight") else 0.0
            parameter.copy_(centre + RANDOM_SCALE * torch.randn(parameter.shape, generator=generator))
    path = folder / "random.safetensors"
    save_checkpoint(path, model)
    return path


def make_pair(height: int, width: int):  # type: ignore[no-untyped-def]
    """A seeded smooth scene with some texture: visible (1, 3, H, W), infrared (1, 1, H, W), in [0, 1]."""
    import torch

    generator = torch.Generator().manual_seed(0)
    coarse = torch.rand(1, 4, max(2, height // 16), max(2, width // 16), generator=generator)
    scene = torch.nn.functional.interpolate(coarse, size=(height, width), mode="bicubic")
    scene = (scene + 0.05 * torch.randn(1, 4, height, width, generator=generator)).clamp(0, 1)
    return scene[:, :3].contiguous(), scene[:, 3:].contiguous()


def _peak_bytes() -> int:
    return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss * (1 if sys.platform == "darwin" else 1024)


def _shown(value: float | str) -> str:
    return f"{value:.3g}" if isinstance(value, float) else str(value)


if __name__ == "__main__":
    sys.exit(main())
