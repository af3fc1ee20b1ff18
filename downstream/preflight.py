"""What is checked before any long work: the device, the working folder, and that every image can be decoded."""

from __future__ import annotations

import os
from collections.abc import Sequence
from concurrent.futures import ThreadPoolExecutor
from functools import partial
from pathlib import Path

from datasets.base import MaskPath, PairedDataset, Sample
from datasets.images import read_array, read_labels, read_pair
from suite.errors import DatasetError, ImageError, WorkdirError, list_offenders
from suite.files import make_dir, write_file, write_text

MOST_WORKERS = 16


def check_workdir(workdir: Path) -> Path:
    """Make the working folder and prove that it can be written; returns its absolute path.

    Raises:
        WorkdirError: it cannot be written, or its disk is full.
    """
    make_dir(workdir)
    try:
        with write_file(workdir / "writable.txt") as probe:
            probe.write_bytes(b"0" * 4096)
        (workdir / "writable.txt").unlink()
    except OSError as error:
        raise WorkdirError(
            f"cannot write into {workdir}: {error.strerror}. Free some space, or pass another --workdir."
        ) from error
    return workdir.resolve()


def check_no_file(workdir: Path) -> None:
    """What can be said about a working folder without making it.

    Raises:
        WorkdirError: it, or a folder above it, is a file.
    """
    for path in (workdir, *workdir.parents):
        if path.is_file():
            raise WorkdirError(f"{path} is a file, so {workdir} cannot be a working folder. Pass another --workdir.")


def check_images(datasets: Sequence[PairedDataset], workdir: Path) -> None:
    """Decode every image and mask once, so that no corrupt file ends the work after hours.

    What passed is remembered in the working folder by the fingerprint of its contents.

    Raises:
        DatasetError: lists up to ten unreadable or mismatched files.
    """
    for dataset in datasets:
        mark = workdir / "checked" / f"{dataset.name}-{dataset.split}-{dataset.task}-{dataset.fingerprint}.txt"
        if mark.is_file():
            continue
        with ThreadPoolExecutor(max_workers=min(MOST_WORKERS, os.cpu_count() or 1)) as pool:
            faults = [fault for fault in pool.map(partial(_fault, dataset), dataset) if fault]
        if faults:
            raise DatasetError(
                f"{dataset.name}/{dataset.split}: {len(faults)} of {len(dataset)} samples cannot be used.\n"
                f"{list_offenders(faults)}\n"
                f"See all: python -m datasets check {dataset.name} --root {dataset.root}. Leave them out: "
                f"python -m datasets prepare {dataset.name} --root {dataset.root} --out DIR --skip-invalid"
            )
        write_text(mark, f"{len(dataset)} samples decoded\n")


def _fault(dataset: PairedDataset, sample: Sample) -> str:
    try:
        visible, _ = read_pair(sample.visible, sample.infrared)
        if isinstance(sample.target, MaskPath):
            _check_mask(dataset, sample.target, (visible.shape[-2], visible.shape[-1]))
    except ImageError as error:
        return f"{sample.id}: {error}"
    return ""


def _check_mask(dataset: PairedDataset, mask: MaskPath, size: tuple[int, int]) -> None:
    labels = read_labels(mask.path)
    if labels.shape != size:
        raise ImageError(
            f"mask {mask.path} is {labels.shape[0]}x{labels.shape[1]} (HxW), its images {size[0]}x{size[1]}."
        )
    highest = int(labels.max(initial=0))
    if highest >= len(dataset.classes) and highest != dataset.ignore_index:
        raise ImageError(
            f"mask {mask.path} holds class id {highest}; {dataset.name} has ids 0 to {len(dataset.classes) - 1}."
        )
    if mask.evidence is not None:
        read_array(mask.evidence)
