"""What is checked before any long work: the device, the working folder, and that every image can be decoded."""

from __future__ import annotations

import os
from collections.abc import Sequence
from concurrent.futures import ThreadPoolExecutor
from functools import partial
from pathlib import Path

from datasets.base import PairedDataset
from datasets.checks import check_pair
from datasets.problems import ADVICE, USABLE, Problem, Remark, raise_problems
from suite.errors import WorkdirError, list_offenders
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
    """Decode every image and mask once, by the rules of `datasets check`: no bad file is to end the work after hours.

    What passed is remembered in the working folder by the fingerprint of its contents. Remarks are printed: they stop
    nothing, but they explain scores that come out undefined or odd.

    Raises:
        DatasetError: lists up to ten samples that cannot be used.
    """
    for dataset in datasets:
        mark = workdir / "checked" / f"{dataset.name}-{dataset.split}-{dataset.task}-{dataset.fingerprint}.txt"
        if mark.is_file():
            continue
        check = partial(check_pair, classes=dataset.classes, ignore_index=dataset.ignore_index)
        with ThreadPoolExecutor(max_workers=min(MOST_WORKERS, os.cpu_count() or 1)) as pool:
            found = [one for findings in pool.map(check, dataset) for one in findings]
        problems = [one for one in found if isinstance(one, Problem) and one.kind not in USABLE]
        raise_problems(dataset.name, dataset.split, problems, place=dataset.place)
        _print_remarks(dataset, [one for one in found if isinstance(one, Remark)])
        write_text(mark, f"{len(dataset)} samples decoded\n")


def _print_remarks(dataset: PairedDataset, remarks: Sequence[Remark]) -> None:
    for kind in dict.fromkeys(remark.kind for remark in remarks):
        offenders = [str(remark) for remark in remarks if remark.kind == kind]
        print(
            f"{dataset.name}/{dataset.split}: {kind} in {len(offenders)} of {len(dataset)} pairs. {ADVICE[kind]}\n"
            f"{list_offenders(offenders, most=3)}",
            flush=True,
        )
