"""A user's own files, fused into a folder: everything that can be known beforehand is checked before any work.

One bad file does not stop the others: headers are read first, the rest is fused, and what could not be is listed.
"""

from __future__ import annotations

import time
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from filelock import FileLock, Timeout

from datasets.base import IMAGE_SUFFIXES, Sample
from datasets.layout import share_range
from datasets.marks import find_marks
from datasets.names import list_images, match_pairs
from datasets.problems import Problem
from datasets.reading import SAME_SIZE, PairOptions
from diffif.fusers.base import Fuser
from diffif.fusers.fused_folder import FusedFolder
from suite.errors import DatasetError, ImageError, WorkdirError
from suite.files import make_dir
from suite.progress import Track

LOCK = ".fuse.lock"


@dataclass(frozen=True, kw_only=True)
class FilePairs:
    """What two paths hold."""

    samples: tuple[Sample, ...]
    problems: tuple[Problem, ...]
    """Files that cannot be fused, found from names and headers."""
    notes: tuple[str, ...] = ()
    """How names and sizes were read, for the user to see."""


@dataclass(kw_only=True)
class FuseOutcome:
    """What was done."""

    num_fused: int = 0
    num_kept: int = 0
    """Images that were there already, from the same work."""
    problems: list[Problem] = field(default_factory=list)
    warnings: dict[str, list[str]] = field(default_factory=dict)
    """Sources that are probably not what they are taken for, by what is odd about them."""

    def warn(self, kind: str, offender: str) -> None:
        """Note one source."""
        self.warnings.setdefault(kind, []).append(offender)


def find_pairs(visible: Path, infrared: Path, options: PairOptions) -> FilePairs:
    """The pairs of two files or two folders, and what is wrong with names and headers.

    Raises:
        DatasetError: a path does not exist, a file and a folder are mixed, one source is given twice, or nothing pairs.
    """
    for path in (visible, infrared):
        if not path.exists():
            raise DatasetError(f"no file or folder {path}.")
    if visible.is_dir() != infrared.is_dir():
        raise DatasetError(f"{visible} and {infrared} must be two files or two folders.")
    _refuse_one_source(visible, infrared, options)
    if visible.is_dir():
        found = _match_folders(visible, infrared, options)
    else:
        sample = Sample(id=visible.stem, visible=visible, infrared=infrared, reading=options.reading)
        found = FilePairs(samples=(sample,), problems=())
    return _check_headers(found, options)


def refuse_overlap(out: Path, visible: Path, infrared: Path) -> None:
    """Refuse an output that is one of the inputs, through whatever links.

    Args:
        out: The file to write if the inputs are files, else the folder.
        visible: File or folder.
        infrared: File or folder.

    Raises:
        DatasetError: it is, or lies inside one of them.
    """
    where = out.resolve()
    for source in (visible, infrared):
        inside = source.is_dir() and where.is_relative_to(source.resolve())
        same = out.exists() and out.samefile(source)
        if inside or same or where == source.resolve():
            raise DatasetError(
                f"--out {out} is, or lies in, the input {source}: fused images would replace or join their sources. "
                "Pass another --out."
            )


def fuse_files(
    pairs: FilePairs, fuser: Fuser, out: Path, *, overwrite: bool = False, progress: Track[Sample] | None = None
) -> FuseOutcome:
    """Fuse every pair into `out` as <id>.png, or resume the same work.

    Args:
        pairs: From `find_pairs`.
        fuser: A ready fuser.
        out: The folder.
        overwrite: Fuse again what is there.
        progress: Shown over the pairs.

    Raises:
        WorkdirError: the folder holds images of other work or sources, or another command is writing into it.
    """
    make_dir(out)
    samples, outcome = pairs.samples, FuseOutcome(problems=list(pairs.problems))
    record = FusedFolder(out, describe_work(fuser))
    try:
        with FileLock(out / LOCK, timeout=0):
            kept = record.finished(samples, overwrite=overwrite)
            outcome.num_kept = len(kept)
            missing = [sample for sample in samples if sample.id not in kept]
            if missing:
                record.begin(kept, samples)
            for sample in progress(missing, len(missing)) if progress else missing:
                if not record.path.is_file():
                    # Writing on would begin a new folder under the old name, with a part of the images.
                    raise WorkdirError(f"{out} was moved or removed while fusing into it. Run the command again.")
                done = fuse_one(sample, fuser, record.image(sample.id), outcome)
                if isinstance(done, Problem):
                    outcome.problems.append(done)
                else:
                    record.add(sample, done)
    except Timeout as error:
        raise WorkdirError(f"another command is fusing into {out}. Wait for it, or pass another --out.") from error
    return outcome


def fuse_one(sample: Sample, fuser: Fuser, target: Path, outcome: FuseOutcome) -> float | Problem:
    """Fuse one pair into a file; returns the seconds that fusing took, or what makes it impossible."""
    from datasets.images import read_pair_levels, to_tensor, write_image
    from datasets.remarks import remark_on_sources

    try:
        visible, infrared = read_pair_levels(sample.visible, sample.infrared, sample.reading)
        for remark in remark_on_sources(sample, visible, infrared):
            outcome.warn(remark.kind, remark.detail)
        pair = to_tensor(visible, "rgb"), to_tensor(infrared, "grey")
        start = time.perf_counter()
        fused = fuser.fuse(*pair, ids=[sample.id])
        seconds = time.perf_counter() - start
        write_image(target, fused)
    except ImageError as error:
        return Problem(kind="unreadable image", id=sample.id, detail=str(error))
    outcome.num_fused += 1
    return seconds


def describe_work(fuser: Fuser) -> dict[str, Any]:
    """Everything beside the sources that determines the pixels."""
    return {"fuser": fuser.name, "settings": dict(fuser.settings), "fingerprint": fuser.fingerprint}


def _refuse_one_source(visible: Path, infrared: Path, options: PairOptions) -> None:
    if not visible.samefile(infrared) or options.channels == "rgbt" or options.visible:
        return
    if visible.is_file():
        raise DatasetError(
            f"{visible} is given as visible and as infrared: a pair needs two images. If the file holds both (red, "
            "green, blue and thermal): --channels rgbt."
        )
    names = [path.stem for path in list_images(visible)]
    marks = find_marks(names, names, same_folder=True)
    said = (
        f"Its names seem to tell them apart: add {marks.options}" + ("" if marks.known else ", or the other way round")
        if marks
        else "If names tell the modalities apart: add --visible '*_rgb' --infrared '*_th'"
    )
    raise DatasetError(
        f"{visible} is given as visible and as infrared, so every image would be fused with itself. {said}. If each "
        "file holds four channels (red, green, blue and thermal): add --channels rgbt."
    )


def _match_folders(visible: Path, infrared: Path, options: PairOptions) -> FilePairs:
    patterns = (options.visible, options.infrared) if options.visible else None
    found = match_pairs(visible, infrared, patterns=patterns, deep=True, recognise=True)
    marks, notes = found.marks, []
    if not found.pairs:
        images = [len(list_images(folder, deep=True)) for folder in (visible, infrared)]
        if not all(images):
            empty = visible if not images[0] else infrared
            raise DatasetError(f"no images in {empty}. Expected {', '.join(IMAGE_SUFFIXES)}.")
        if patterns:
            raise DatasetError(f"no pair fits {options.visible!r} in {visible} and {options.infrared!r} in {infrared}.")
        told = (
            f"The names differ by a constant mark: add {marks.options}"
            if marks
            else (
                "Pairs carry the same file name in both folders; where names differ by a mark, say so: "
                "--visible '*_rgb' --infrared '*_th'"
            )
        )
        raise DatasetError(f"no image in {visible} has a counterpart in {infrared}. {told}.")
    if marks is not None and marks.known and patterns is None:
        notes.append(f"paired by the marks in their names: {marks.options}")
    samples = [
        Sample(id=pair.id, visible=pair.visible, infrared=pair.infrared, group=pair.sequence, reading=options.reading)
        for pair in found.pairs
    ]
    return FilePairs(samples=tuple(share_range(samples, options)), problems=found.problems, notes=tuple(notes))


def _check_headers(found: FilePairs, options: PairOptions) -> FilePairs:
    from datasets.headers import read_size
    from datasets.resizing import explain_sizes

    sound, problems, resized = [], list(found.problems), 0
    for sample in found.samples:
        try:
            if options.channels != "rgbt" and sample.visible.samefile(sample.infrared):
                raise ImageError(f"{sample.visible} is both the visible and the infrared image")
            sizes = [read_size(path) for path in (sample.visible, sample.infrared)]
        except ImageError as error:
            problems.append(Problem(kind="unreadable image", id=sample.id, detail=str(error)))
            continue
        if sizes[0] != sizes[1] and options.resize == SAME_SIZE:
            detail = explain_sizes(sizes[0], sample.infrared, sizes[1])
            problems.append(Problem(kind="size mismatch", id=sample.id, detail=detail))
            continue
        resized += options.resize != SAME_SIZE
        sound.append(sample)
    notes = [*found.notes, *([f"both images of {resized} pairs at one size: {options.resize}"] if resized else [])]
    return FilePairs(samples=tuple(sound), problems=tuple(problems), notes=tuple(notes))
