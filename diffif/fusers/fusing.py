"""Fusing many pairs into files: in this process, where reading, fusing and writing overlap, or in several processes."""

from __future__ import annotations

import time
from collections.abc import Iterator, Sequence
from concurrent.futures import Future, ThreadPoolExecutor
from dataclasses import dataclass
from functools import lru_cache
from pathlib import Path
from typing import TYPE_CHECKING

from datasets.base import Sample
from datasets.images import pair_size, read_sample, write_image
from diffif.fusers.base import Fuser
from diffif.fusers.fused_folder import FusedFolder
from suite.errors import ImageError

if TYPE_CHECKING:
    from torch import Tensor

    from diffif.workers import Workers

BATCHES_READ_AHEAD = 3

Finished = Iterator[tuple[Sample, float]]
"""Each sample once its image is on the disk, and the seconds that fusing it took."""


def fuse_in_batches(samples: Sequence[Sample], fuser: Fuser, folder: FusedFolder, batch_size: int) -> Finished:
    """Fuse in this process.

    Args:
        samples: What to fuse.
        fuser: A ready fuser.
        folder: Where the images go; its record is the caller's business.
        batch_size: Pairs of one size that are fused together.

    Raises:
        ImageError: a pair cannot be read or fused.
    """
    import torch

    with ThreadPoolExecutor(max_workers=4) as pool:
        for batch, pairs in _read_ahead(_batches(samples, batch_size), pool):
            visible = torch.cat([pair[0] for pair in pairs])
            infrared = torch.cat([pair[1] for pair in pairs])
            fused, seconds = _fuse(fuser, batch, visible, infrared)
            paths = [folder.image(sample.id) for sample in batch]
            for sample, _ in zip(batch, pool.map(write_image, paths, fused), strict=True):
                yield sample, seconds


def fuse_in_processes(
    samples: Sequence[Sample], spec: str, fuser: Fuser, folder: FusedFolder, workers: Workers
) -> Finished:
    """Fuse pair by pair in worker processes, each of which builds the fuser from its spec; otherwise as above."""
    job = _Job(spec=spec, device=str(fuser.device), max_memory_gib=fuser.max_memory_gib, images=folder.images)
    for place, seconds in workers.each(job, samples):
        yield samples[place], seconds


@dataclass(frozen=True, kw_only=True)
class _Job:
    """What a worker process does with a sample."""

    spec: str
    device: str
    max_memory_gib: float | None
    images: Path

    def __call__(self, sample: Sample) -> float:
        fuser = _build_once(self.spec, self.device)
        fuser.max_memory_gib = self.max_memory_gib
        visible, infrared = read_sample(sample)
        fused, seconds = _fuse(fuser, [sample], visible, infrared)
        write_image(self.images / f"{sample.id}.png", fused)
        return seconds


@lru_cache(maxsize=1)
def _build_once(spec: str, device: str) -> Fuser:
    """A worker's own fuser; the one before it is let go."""
    from diffif.fusers.registry import build_fuser

    return build_fuser(spec, device=device)


def _fuse(fuser: Fuser, batch: Sequence[Sample], visible: Tensor, infrared: Tensor) -> tuple[Tensor, float]:
    start = time.perf_counter()
    try:
        fused = fuser.fuse(visible, infrared, ids=[sample.id for sample in batch])
    except ImageError as error:
        raise ImageError(f"{batch[0].id}: {error}") from error
    return fused, (time.perf_counter() - start) / len(batch)


def _batches(samples: Sequence[Sample], batch_size: int) -> Iterator[list[Sample]]:
    """Neighbours of one size together, at most `batch_size`."""
    batch: list[Sample] = []
    size: tuple[int, int] | None = None
    for sample in samples:
        this = pair_size(sample)
        if batch and (this != size or len(batch) == batch_size):
            yield batch
            batch = []
        size = this
        batch.append(sample)
    if batch:
        yield batch


def _read_ahead(
    batches: Iterator[list[Sample]], pool: ThreadPoolExecutor
) -> Iterator[tuple[list[Sample], list[tuple[Tensor, Tensor]]]]:
    waiting: list[tuple[list[Sample], list[Future[tuple[Tensor, Tensor]]]]] = []
    for batch in batches:
        waiting.append((batch, [pool.submit(read_sample, sample) for sample in batch]))
        if len(waiting) >= BATCHES_READ_AHEAD:
            first, futures = waiting.pop(0)
            yield first, [future.result() for future in futures]
    for first, futures in waiting:
        yield first, [future.result() for future in futures]
