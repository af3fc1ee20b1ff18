"""What Diff-IF costs on a GPU: fusing with what ships and at the published sizes, and a training step of `ivf`.

    python -m benchmarks.diffif_gpu                      on the GPU at hand
    python -m benchmarks.diffif_gpu --device cpu --sizes 64x64 --batches 1 --repeats 2   a rehearsal

Milliseconds are medians over synchronised runs after warm-up, memory is the peak that torch allocated. The last column
is the ratio to the same network in float32, one image at a time: above 1 is faster per image.
"""

from __future__ import annotations

import statistics
import sys
import tempfile
import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path

import torch

from benchmarks.diffif import write_random_checkpoint
from diffif.fusers.base import Fuser
from diffif.fusers.registry import build_fuser
from suite.command import run_settings

WARM_UP = 3
MIB = 2**20
TRAINING_CROP, TRAINING_BATCH = 128, 16


@dataclass(frozen=True, kw_only=True)
class GpuSettings:
    """What to measure."""

    device: str = "cuda"
    """As torch names it."""
    sizes: tuple[str, ...] = ("480x640", "1024x1280")
    """HxW."""
    batches: tuple[int, ...] = (1, 8)
    """Images fused at once."""
    repeats: int = 10
    """Timed runs of each; the median counts."""
    training: bool = True
    """Measure a training step of the recipe ivf too."""


def main(argv: Sequence[str] | None = None) -> int:
    return run_settings(run, argv, prog="python -m benchmarks.diffif_gpu", description=__doc__)


def run(options: GpuSettings) -> int:
    """Print two tables in Markdown."""
    device = torch.device(options.device)
    name = torch.cuda.get_device_name(device) if device.type == "cuda" else "CPU"
    print(f"{name}, torch {torch.__version__}\n")
    print("| network | steps | size | batch | arithmetic | ms per image | MiB | ratio |")
    print("| --- | --- | --- | --- | --- | --- | --- | --- |")
    with tempfile.TemporaryDirectory() as folder:
        published = write_random_checkpoint(Path(folder))
        forms = {
            "diffif": "diffif@steps={steps}",
            "fast": "diffif@weights=fast",
            "published sizes": f"diffif@weights={published},steps={{steps}}",
        }
        for label, spec in forms.items():
            for steps in (1,) if label == "fast" else (1, 4):
                for size in options.sizes:
                    _rows(label, spec.format(steps=steps), steps, size, options, device)
    if options.training:
        _training_rows(device, options)
    return 0


def _rows(label: str, spec: str, steps: int, size: str, options: GpuSettings, device: torch.device) -> None:
    height, width = (int(side) for side in size.split("x"))
    first = None
    for dtype in ("float32", "bfloat16"):
        fuser = build_fuser(f"{spec},dtype={dtype}", device=options.device)
        for batch in options.batches:
            try:
                seconds, mib = measure(_fusing(fuser, batch, height, width), device, options.repeats)
            except torch.OutOfMemoryError:
                print(f"| {label} | {steps} | {size} | {batch} | {dtype} | out of memory | | |", flush=True)
                continue
            each = seconds / batch
            first = first or each
            cells = [
                label,
                str(steps),
                size,
                str(batch),
                dtype,
                f"{1000 * each:.2f}",
                f"{mib:.0f}",
                f"{first / each:.2f}",
            ]
            print(f"| {' | '.join(cells)} |", flush=True)


def _fusing(fuser: Fuser, batch: int, height: int, width: int) -> Callable[[], object]:
    generator = torch.Generator().manual_seed(0)
    images = torch.rand(batch, 4, height, width, generator=generator).to(fuser.device)
    return lambda: fuser.fuse(images[:, :3], images[:, 3:])


def _training_rows(device: torch.device, options: GpuSettings) -> None:
    from diffif.model.diffusion import DiffIF, TrainingBatch, training_losses
    from diffif.training.recipe import load_recipe

    recipe = load_recipe("ivf")
    crops = torch.rand(3, TRAINING_BATCH, 1, TRAINING_CROP, TRAINING_CROP, device=device)
    batch, first = TrainingBatch(*crops), None
    print(f"\ntraining step of ivf, {TRAINING_BATCH} crops of {TRAINING_CROP}:\n")
    print("| arithmetic | compiled | ms per step | MiB | ratio |\n| --- | --- | --- | --- | --- |")
    for dtype, compiled in (("float32", False), ("bfloat16", False), ("bfloat16", True)):
        torch.manual_seed(0)
        model = DiffIF(recipe.model).to(device, memory_format=torch.channels_last)
        used = torch.compile(model) if compiled else model
        optimizer = torch.optim.Adam(model.parameters(), lr=recipe.optimizer.lr)
        generator = torch.Generator().manual_seed(0)

        def step(used=used, optimizer=optimizer, generator=generator, dtype=dtype):  # type: ignore[no-untyped-def]
            with torch.autocast(device.type, torch.bfloat16, enabled=dtype == "bfloat16"):
                loss = training_losses(used, batch, generator=generator, settings=recipe.loss)["loss"]
            optimizer.zero_grad(set_to_none=True)
            loss.backward()
            optimizer.step()

        seconds, mib = measure(step, device, options.repeats)
        first = first or seconds
        cells = [dtype, "yes" if compiled else "no", f"{1000 * seconds:.0f}", f"{mib:.0f}", f"{first / seconds:.2f}"]
        print(f"| {' | '.join(cells)} |", flush=True)


def measure(work: Callable[[], object], device: torch.device, repeats: int) -> tuple[float, float]:
    """Median seconds of a call and the peak of memory that torch allocated for it in MiB (0 without a GPU)."""
    on_gpu = device.type == "cuda"
    for _ in range(WARM_UP):
        work()
    if on_gpu:
        torch.cuda.synchronize(device)
        torch.cuda.reset_peak_memory_stats(device)
    seconds = []
    for _ in range(repeats):
        start = time.perf_counter()
        work()
        if on_gpu:
            torch.cuda.synchronize(device)
        seconds.append(time.perf_counter() - start)
    return statistics.median(seconds), torch.cuda.max_memory_allocated(device) / MIB if on_gpu else 0.0


if __name__ == "__main__":
    sys.exit(main())
