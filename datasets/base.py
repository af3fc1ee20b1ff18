"""What a dataset is to the rest of the suite: samples, their labels, and a layout that finds them on disk.

Each dataset's own file subclasses `Layout`: its passport (what it is, licence, paper, classes, official counts) and
`scan`, which lists files without opening an image. Checks that open files are in `datasets.checks`.
"""

from __future__ import annotations

import hashlib
from abc import ABC, abstractmethod
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from os import PathLike
from pathlib import Path
from typing import ClassVar, Literal, overload

from datasets.problems import Problem, raise_problems
from suite.errors import DatasetError, SettingsError

Task = Literal["quality", "detect", "segment"]
SPLITS = ("train", "val", "test")
IMAGE_SUFFIXES = (".png", ".jpg", ".jpeg", ".bmp", ".tif", ".tiff")


@dataclass(frozen=True, kw_only=True)
class Boxes:
    """Object boxes of one image, `xyxy` in pixels, right and bottom edges exclusive."""

    xyxy: tuple[tuple[float, float, float, float], ...] = ()
    labels: tuple[int, ...] = ()
    """Class index of each box, into the dataset's `classes`."""
    evidence: tuple[str, ...] = ()
    """Synthetic scenes only: "both", "infrared" or "visible" for each box; empty where it is not known."""

    def __len__(self) -> int:
        return len(self.xyxy)


@dataclass(frozen=True, kw_only=True)
class MaskPath:
    """A file of class ids per pixel."""

    path: Path
    evidence: Path | None = None
    """Synthetic scenes only: a file of 0 none, 1 both, 2 infrared, 3 visible per pixel."""


@dataclass(frozen=True, kw_only=True)
class Sample:
    """One registered pair and its label."""

    id: str
    visible: Path
    infrared: Path
    target: Boxes | MaskPath | None = None
    group: str = ""
    """Scene or video sequence; samples of one group never straddle train and validation."""


@dataclass(frozen=True, kw_only=True)
class PairedDataset(Sequence[Sample]):
    """The samples of one split, in order of their ids."""

    name: str
    split: str
    task: Task
    classes: tuple[str, ...]
    root: Path
    samples: tuple[Sample, ...]
    ignore_index: int | None = None
    """Class id that segmentation leaves out by default (unlabelled), or None."""
    facts: Mapping[str, str] = field(default_factory=dict)
    """What a reader of the results must know: label source, overlaps, how validation was carved."""

    @overload
    def __getitem__(self, index: int) -> Sample: ...
    @overload
    def __getitem__(self, index: slice) -> Sequence[Sample]: ...
    def __getitem__(self, index: int | slice) -> Sample | Sequence[Sample]:
        return self.samples[index]

    def __len__(self) -> int:
        return len(self.samples)

    def __iter__(self) -> Iterator[Sample]:
        return iter(self.samples)

    @property
    def pairs_fingerprint(self) -> str:
        """Twelve hex digits over ids and image contents alone: what a fuser sees, whatever the labels and the task."""
        digest = hashlib.sha256()
        for sample in self.samples:
            digest.update(f"|{sample.id}".encode())
            digest.update(_file_digest(sample.visible) + _file_digest(sample.infrared))
        return digest.hexdigest()[:12]

    @property
    def fingerprint(self) -> str:
        """Twelve hex digits over task, classes, ids, labels and file contents; independent of place and time."""
        digest = hashlib.sha256()
        digest.update(f"{self.name}|{self.split}|{self.task}|{self.classes}|{self.ignore_index}".encode())
        for sample in self.samples:
            digest.update(f"|{sample.id}".encode())
            digest.update(_file_digest(sample.visible) + _file_digest(sample.infrared))
            if isinstance(sample.target, MaskPath):
                digest.update(_file_digest(sample.target.path))
            elif sample.target is not None:
                digest.update(f"{sample.target.xyxy}{sample.target.labels}{sample.target.evidence}".encode())
        return digest.hexdigest()[:12]


_DIGESTS: dict[tuple[str, int, int], bytes] = {}


def _file_digest(path: Path) -> bytes:
    # Contents, not mtimes: a copied or re-cloned dataset must find its fused sets again. Remembered per process.
    try:
        status = path.stat()
    except OSError as error:
        raise DatasetError(f"cannot read {path}: {error.strerror}.") from error
    key = (str(path), status.st_size, status.st_mtime_ns)
    if key not in _DIGESTS:
        with path.open("rb") as opened:
            _DIGESTS[key] = hashlib.file_digest(opened, "sha256").digest()
    return _DIGESTS[key]


class Layout(ABC):
    """How one dataset lies on disk; the class attributes are its passport."""

    name: ClassVar[str]
    title: ClassVar[str]
    """One line: what it shows, how many pairs, which labels."""
    licence: ClassVar[str]
    paper: ClassVar[str]
    tasks: ClassVar[tuple[Task, ...]] = ("quality",)
    classes: ClassVar[tuple[str, ...]] = ()
    ignore_index: ClassVar[int | None] = None
    official_counts: ClassVar[Mapping[str, int]] = {}
    """Pairs per split of the complete official release, before validation is carved from train."""
    expected: ClassVar[str] = ""
    """The folder structure, as an error message shows it."""

    def __init__(self, root: str | PathLike[str]) -> None:
        self.root = Path(root)

    @abstractmethod
    def scan(self, split: str, task: Task) -> list[Sample]:
        """The samples of "train", "val" or "test" in order of their ids; labels are parsed, no image is opened.

        Validation is carved from train, never from test.

        Raises:
            DatasetError: the layout is not there, a pair is incomplete, or a label is unusable; lists the offenders.
        """

    def facts(self, split: str, task: Task) -> Mapping[str, str]:
        """What a reader of results on this split must know."""
        return {}

    def classes_for(self, task: Task) -> tuple[str, ...]:
        """The class names of the labels of a task; the same for all tasks, unless a dataset says otherwise."""
        return self.classes

    def load(self, split: str, task: Task) -> PairedDataset:
        """`scan` as a dataset.

        Raises:
            DatasetError: see `scan`; also an empty split, or a root that does not exist.
            SettingsError: the split or the task does not exist for this dataset.
        """
        if split not in SPLITS:
            raise SettingsError(f"split must be one of {', '.join(SPLITS)}, got {split!r}")
        if task not in self.tasks:
            raise SettingsError(f"{self.name} has no labels for the task {task!r}; it serves: {', '.join(self.tasks)}.")
        if not self.root.is_dir():
            raise DatasetError(
                f"{self.name}: no folder {self.root}. Pass --root DIR, the folder that holds:\n{self.expected}"
            )
        samples = self.scan(split, task)
        if not samples:
            raise DatasetError(f"{self.name}: no {split} pairs under {self.root}. Expected:\n{self.expected}")
        return PairedDataset(
            name=self.name,
            split=split,
            task=task,
            classes=self.classes_for(task),
            root=self.root,
            samples=tuple(samples),
            ignore_index=self.ignore_index,
            facts=self.facts(split, task),
        )


def pair_by_name(name: str, visible: Path, infrared: Path, suffixes: Sequence[str]) -> list[tuple[str, Path, Path]]:
    """(id, visible file, infrared file) for every stem present in both folders, sorted by id.

    Raises:
        DatasetError: a folder is missing, or a file has no counterpart; lists up to ten.
    """
    pairs, problems = match_by_name(name, visible, infrared, suffixes)
    dataset, _, split = name.partition("/")
    raise_problems(dataset, split or "pairs", problems)
    return pairs


def match_by_name(
    name: str, visible: Path, infrared: Path, suffixes: Sequence[str]
) -> tuple[list[tuple[str, Path, Path]], list[Problem]]:
    """`pair_by_name` that hands back what has no counterpart instead of raising it.

    Raises:
        DatasetError: a folder is missing.
    """
    for folder in (visible, infrared):
        if not folder.is_dir():
            raise DatasetError(f"{name}: no folder {folder}.")
    problems: list[Problem] = []
    by_stem = [_files_by_stem(folder, suffixes, problems) for folder in (visible, infrared)]
    for stem in sorted(set(by_stem[0]) ^ set(by_stem[1])):
        here, there = (visible, infrared) if stem in by_stem[0] else (infrared, visible)
        detail = f"only in {here}, not in {there}. Pairs carry the same file name in both folders"
        problems.append(Problem(kind="unpaired image", id=stem, detail=detail))
    pairs = [(stem, by_stem[0][stem], by_stem[1][stem]) for stem in sorted(set(by_stem[0]) & set(by_stem[1]))]
    return pairs, problems


def _files_by_stem(folder: Path, suffixes: Sequence[str], problems: list[Problem]) -> dict[str, Path]:
    found: dict[str, Path] = {}
    for path in sorted(folder.iterdir()):
        if path.suffix.lower() not in suffixes or path.name.startswith("."):
            continue
        if path.stem in found:
            detail = f"{found[path.stem].name} and {path.name} in {folder} have one id"
            problems.append(Problem(kind="duplicate id", id=path.stem, detail=detail))
            continue
        found[path.stem] = path
    return found
