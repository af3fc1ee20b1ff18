"""A dataset split fused once by one fuser, kept under a name that follows from its content.

    <work>/fused/<dataset>-<split>-<fuser>-<fingerprint>/images/<id>.png
                                                         manifest.json      inputs, settings, seconds per image

Complete or absent: the work happens in `<name>.partial`, which survives a kill and is resumed image by image.
The set holds no labels, so that detection, segmentation and quality share it; a detector that wants its images beside
box labels in a layout of its own links them (hard links, no bytes).
"""

from __future__ import annotations

import json
import re
import shutil
import time
from collections.abc import Iterator, Mapping, Sequence
from concurrent.futures import Future, ThreadPoolExecutor
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

from filelock import FileLock

from datasets.base import PairedDataset, Sample
from datasets.images import pair_size, read_sample, write_image
from diffif.fusers.base import Fuser
from suite.errors import ImageError, ResultError, SettingsError, WorkdirError
from suite.files import make_dir, publish_dir, write_text
from suite.settings import fingerprint

if TYPE_CHECKING:
    from torch import Tensor

LAYOUT_VERSION = 2
MANIFEST = "manifest.json"
SECONDS = "seconds.txt"
BATCHES_READ_AHEAD = 3
# PNG of a natural image takes about two thirds of its raw bytes; the rest is margin.
STORED_SHARE = 0.8


@dataclass(frozen=True, kw_only=True)
class FusedSet:
    """The finished images of one split."""

    path: Path
    dataset: str
    split: str
    fuser: str
    """As the user wrote it after --fuser."""
    fingerprint: str
    """Of the pairs and of the fuser: the same fingerprint, the same pixels."""
    ids: tuple[str, ...]
    seconds: Mapping[str, float]
    """Seconds that fusing took, per image, without reading and writing."""
    computes: bool = True
    """False where images were only looked up: their seconds say nothing about the method."""
    num_parameters: int | None = None
    """Of the fuser's networks; None where it cannot be known."""

    def image(self, sample_id: str) -> Path:
        """The fused image of one sample, 8-bit RGB."""
        return self.images_dir / f"{sample_id}.png"

    @property
    def images_dir(self) -> Path:
        """The folder of the images, `<id>.png`."""
        return self.path / "images"

    @property
    def mean_seconds(self) -> float:
        """Mean seconds per image."""
        return sum(self.seconds.values()) / max(len(self.seconds), 1)


def fused_fingerprint(dataset: PairedDataset, fuser: Fuser) -> str:
    """Twelve hex digits over everything that determines the pixels of a fused set."""
    return fingerprint({"layout": LAYOUT_VERSION, "pairs": dataset.pairs_fingerprint, "fuser": fuser.fingerprint})


def fused_dir(workdir: Path, dataset: PairedDataset, fuser: Fuser, spec: str = "") -> Path:
    """Where a fused set lies, whether or not it is there yet."""
    slug = re.sub(r"[^A-Za-z0-9_+.-]+", "-", re.split(r"[@:]", spec or fuser.name)[0])
    return workdir / "fused" / f"{dataset.name}-{dataset.split}-{slug}-{fused_fingerprint(dataset, fuser)}"


def fuse_split(
    dataset: PairedDataset,
    fuser: Fuser,
    workdir: Path,
    *,
    spec: str = "",
    batch_size: int = 8,
    progress: bool = True,
) -> FusedSet:
    """Fuse every pair of a split, or take up the finished set that is already there.

    Args:
        dataset: The pairs.
        fuser: A ready fuser.
        workdir: The working folder.
        spec: What the user wrote after --fuser; the fuser's name where empty.
        batch_size: Pairs of one size that are fused together.
        progress: Show a progress bar with the time that is left.

    Raises:
        ImageError: a pair cannot be read or fused; what was finished is kept.
        WorkdirError: the working folder cannot be written, or is too full for the images.
    """
    if batch_size < 1:
        raise SettingsError(f"batch_size must be at least 1, got {batch_size}")
    final = fused_dir(workdir, dataset, fuser, spec)
    if not final.is_dir():
        make_dir(final.parent)
        # Two commands on one working folder: the second waits, then finds the finished set.
        with FileLock(f"{final}.lock"):
            if not final.is_dir():
                _fuse_missing(dataset, fuser, final, spec or fuser.name, batch_size, progress)
    return read_fused_set(final)


def read_fused_set(path: Path) -> FusedSet:
    """A finished set.

    Raises:
        ResultError: its manifest is missing or damaged.
    """
    try:
        manifest = json.loads((path / MANIFEST).read_text(encoding="utf-8"))
        seconds = {str(k): float(v) for k, v in manifest["seconds"].items()}
        return FusedSet(
            path=path,
            dataset=manifest["dataset"]["name"],
            split=manifest["dataset"]["split"],
            fuser=manifest["fuser"]["spec"],
            fingerprint=manifest["fingerprint"],
            ids=tuple(seconds),
            seconds=seconds,
            computes=manifest["fuser"]["computes"],
            num_parameters=manifest["fuser"]["num_parameters"],
        )
    except (OSError, ValueError, KeyError) as error:
        raise ResultError(f"cannot read the fused set {path}: {error}. Delete the folder; it is made again.") from error


def _fuse_missing(
    dataset: PairedDataset, fuser: Fuser, final: Path, spec: str, batch_size: int, progress: bool
) -> None:
    partial = final.with_name(f"{final.name}.partial")
    make_dir(partial / "images")
    seconds = _finished_images(partial)
    missing = [sample for sample in dataset if sample.id not in seconds]
    _check_space(partial, missing)
    with (partial / SECONDS).open("a", encoding="utf-8") as log:
        for sample_id, duration in _fuse_all(
            missing, fuser, partial, batch_size, _Bar(dataset, len(seconds), spec, progress)
        ):
            seconds[sample_id] = duration
            log.write(f"{duration:.6f} {sample_id}\n")
            log.flush()
    manifest = {
        "fingerprint": fused_fingerprint(dataset, fuser),
        "dataset": {
            "name": dataset.name,
            "split": dataset.split,
            "pairs": dataset.pairs_fingerprint,
            "facts": dict(dataset.facts),
        },
        "fuser": {
            "spec": spec,
            "name": fuser.name,
            "fingerprint": fuser.fingerprint,
            "settings": dict(fuser.settings),
            "computes": fuser.computes,
            "num_parameters": fuser.num_parameters,
            "device": str(fuser.device),
        },
        "seconds": {sample.id: seconds[sample.id] for sample in dataset},
    }
    write_text(partial / MANIFEST, json.dumps(manifest, indent=1))
    (partial / SECONDS).unlink()
    publish_dir(partial, final)


def _finished_images(partial: Path) -> dict[str, float]:
    # An image counts once its line is in the log: the line is written after the atomic rename of the image.
    seconds: dict[str, float] = {}
    log = partial / SECONDS
    if log.is_file():
        text = log.read_text(encoding="utf-8")
        for line in text[: text.rfind("\n") + 1].splitlines():
            duration, _, sample_id = line.partition(" ")
            if (partial / "images" / f"{sample_id}.png").is_file():
                seconds[sample_id] = float(duration)
        if text and not text.endswith("\n"):
            write_text(log, text[: text.rfind("\n") + 1])
    return seconds


def _fuse_all(
    samples: Sequence[Sample], fuser: Fuser, partial: Path, batch_size: int, bar: _Bar
) -> Iterator[tuple[str, float]]:
    """Yield (id, seconds) of each image once it is on the disk; reading, fusing and writing overlap."""
    import torch

    with ThreadPoolExecutor(max_workers=4) as pool, bar:
        for batch, pairs in _read_ahead(_batches(samples, batch_size), pool):
            visible = torch.cat([pair[0] for pair in pairs])
            infrared = torch.cat([pair[1] for pair in pairs])
            start = time.perf_counter()
            try:
                fused = fuser.fuse(visible, infrared, ids=[sample.id for sample in batch])
            except ImageError as error:
                raise ImageError(f"{batch[0].id}: {error}") from error
            duration = (time.perf_counter() - start) / len(batch)
            paths = [partial / "images" / f"{sample.id}.png" for sample in batch]
            for sample, _ in zip(batch, pool.map(write_image, paths, fused), strict=True):
                yield sample.id, duration
                bar.advance()


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


def _check_space(folder: Path, samples: Sequence[Sample]) -> None:
    if not samples:
        return
    height, width = pair_size(samples[0])
    needed = int(len(samples) * height * width * 3 * STORED_SHARE)
    free = shutil.disk_usage(folder).free
    if free < needed:
        raise WorkdirError(
            f"{len(samples)} fused images of {height}x{width} (HxW) need about {needed / 2**20:,.0f} MiB, but only "
            f"{free / 2**20:,.0f} MiB are free under {folder}. Free some space, or pass another --workdir."
        )


class _Bar:
    """A progress bar with the remaining time, or nothing at all."""

    def __init__(self, dataset: PairedDataset, num_done: int, spec: str, shown: bool) -> None:
        from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn, TimeRemainingColumn

        columns = (TextColumn("{task.description}"), BarColumn(), MofNCompleteColumn(), TimeRemainingColumn())
        self._progress = Progress(*columns, disable=not shown)
        self._dataset, self._num_done, self._spec = dataset, num_done, spec

    def __enter__(self) -> _Bar:
        self._progress.start()
        name = f"fuse {self._dataset.name}/{self._dataset.split} with {self._spec}"
        self._task = self._progress.add_task(name, total=len(self._dataset), completed=self._num_done)
        return self

    def __exit__(self, *_: object) -> None:
        self._progress.stop()

    def advance(self) -> None:
        self._progress.advance(self._task)
