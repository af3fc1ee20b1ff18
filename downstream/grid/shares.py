"""How cells share a machine: cores, threads per cell, GPUs and main memory."""

from __future__ import annotations

import os
from collections import Counter
from collections.abc import Mapping

from downstream.grid.cell import Cell
from downstream.grid.engines.engine import Slots
from suite.device import listed_gpus

USABLE_SHARE = 0.9
"""Of the free main memory; the rest is left to everything else."""


def share_machine(
    cells: Mapping[str, Cell],
    *,
    jobs: int | None,
    threads: int | None,
    gpus: tuple[str, ...] = (),
    cells_per_gpu: int = 1,
    cores: int | None = None,
    free_gib: float | None = None,
) -> Slots:
    """What may run at the same time on this machine; says what it had to lower.

    Args:
        cells: Those to compute, by id, each after what it needs.
        jobs: Cells at the same time; None: as many as fit.
        threads: CPU threads per cell; None: the cores are shared out among the cells that can run at once.
        gpus: To use, as CUDA_VISIBLE_DEVICES names them.
        cells_per_gpu: Cells that share one GPU.
        cores: Of this machine; None: those that this process may use.
        free_gib: Main memory; None: what is free now.
    """
    cores = cores or len(os.sched_getaffinity(0))
    if threads is None:
        threads = max(1, cores // min(jobs or cores, max(width(cells), 1)))
    if threads > cores:
        print(f"--threads lowered from {threads} to {cores}, the cores of this machine.", flush=True)
        threads = cores
    most = max(1, cores // threads)
    if jobs is not None and jobs > most:
        print(f"--jobs lowered from {jobs} to {most}: {cores} cores, {threads} threads per cell.", flush=True)
    largest = max((cell.memory_gib for cell in cells.values()), default=0.0)
    usable = USABLE_SHARE * (_free_memory() if free_gib is None else free_gib)
    fitting = max(1, int(usable / largest)) if largest else most
    chosen = min(jobs or most, most)
    if chosen > fitting:
        print(
            f"cells at the same time lowered from {chosen} to {fitting}: one takes about {largest:.1f} GiB of main "
            "memory.",
            flush=True,
        )
    return Slots(jobs=min(chosen, fitting), threads=threads, gpus=gpus, cells_per_gpu=cells_per_gpu)


def width(cells: Mapping[str, Cell]) -> int:
    """Most cells that do not wait for each other: those of the fullest level of the grid."""
    level: dict[str, int] = {}
    for key, cell in cells.items():
        # A cell that is done is not among those to compute.
        level[key] = 1 + max((level.get(needed.cell_id, 0) for needed in cell.needs()), default=0)
    return max(Counter(level.values()).values(), default=1)


def visible_gpus(device: str, count: int) -> tuple[str, ...]:
    """The GPUs behind --device as CUDA_VISIBLE_DEVICES names them; without a number every one of `count`."""
    chosen = os.environ.get("CUDA_VISIBLE_DEVICES", "")
    visible = tuple(chosen.split(",")) if chosen else tuple(map(str, range(count)))
    numbers = listed_gpus(device)
    return tuple(visible[number] for number in numbers) if numbers else visible


def _free_memory() -> float:
    import psutil

    return float(psutil.virtual_memory().available / 2**30)
