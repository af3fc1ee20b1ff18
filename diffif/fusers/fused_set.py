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
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

from filelock import FileLock

from datasets.base import PairedDataset, Sample
from datasets.images import pair_size
from diffif.fusers.base import Fuser
from diffif.fusers.fused_folder import FusedFolder
from diffif.fusers.fusing import fuse_in_batches, fuse_in_processes
from suite.errors import ResultError, SettingsError, WorkdirError
from suite.files import make_dir, publish_dir, write_text
from suite.progress import count_on
from suite.settings import fingerprint

if TYPE_CHECKING:
    from rich.progress import Progress

    from diffif.workers import Workers

LAYOUT_VERSION = 2
MANIFEST = "manifest.json"
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
        return images_dir(self.path)

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


def images_dir(final: Path) -> Path:
    """Where the images of a set lie."""
    return final / "images"


def partial_dir(final: Path) -> Path:
    """Where a set lies while it is fused; its images have their final names."""
    return final.with_name(f"{final.name}.partial")


def fuse_split(
    dataset: PairedDataset,
    fuser: Fuser,
    workdir: Path,
    *,
    spec: str = "",
    batch_size: int = 8,
    progress: Progress | bool = True,
    workers: Workers | None = None,
) -> FusedSet:
    """Fuse every pair of a split, or take up the finished set that is already there.

    Args:
        dataset: The pairs.
        fuser: A ready fuser.
        workdir: The working folder.
        spec: What the user wrote after --fuser; the fuser's name where empty.
        batch_size: Pairs of one size that are fused together.
        progress: Show how many are done and the time that is left: in a running display, or in one of its own.
        workers: Open worker processes, which fuse pair by pair from `spec`; None: this process fuses.

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
                _fuse_missing(dataset, fuser, final, spec or fuser.name, batch_size, progress, workers)
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
    dataset: PairedDataset,
    fuser: Fuser,
    final: Path,
    spec: str,
    batch_size: int,
    progress: Progress | bool,
    workers: Workers | None,
) -> None:
    partial = partial_dir(final)
    mark = fused_fingerprint(dataset, fuser)
    folder = FusedFolder(partial, {"fingerprint": mark}, images=images_dir(partial))
    if partial.is_dir() and not folder.path.is_file():
        # Begun by an earlier version, whose list of finished images was another file.
        shutil.rmtree(partial)
    make_dir(folder.images)
    seconds = folder.recorded(dataset.samples)
    missing = [sample for sample in dataset if sample.id not in seconds]
    _check_space(partial, missing)
    folder.begin(seconds, dataset.samples)
    finished = (
        fuse_in_processes(missing, spec, fuser, folder, workers)
        if workers is not None and workers.are_processes
        else fuse_in_batches(missing, fuser, folder, batch_size)
    )
    name = f"fuse {dataset.name}/{dataset.split} with {spec}"
    with count_on(progress, name, total=len(dataset), finished=len(seconds)) as advance:
        for sample, duration in finished:
            seconds[sample.id] = duration
            folder.add(sample, duration)
            advance()
    manifest = {
        "fingerprint": mark,
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
    folder.path.unlink()
    publish_dir(partial, final)


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
