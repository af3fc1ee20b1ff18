"""What a dataset is to the rest of the suite: samples, their labels, and a layout that finds them on disk.

Each dataset's own file subclasses `Layout`: its facts (what it is, licence, paper, classes, official counts) and
`scan`, which lists files without opening an image. Checks that open files are in `datasets.checks`.
"""

from __future__ import annotations

import hashlib
import shlex
from abc import ABC, abstractmethod
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from os import PathLike
from pathlib import Path
from typing import ClassVar, Literal, overload

from datasets.corruptions.condition import Condition
from datasets.headers import require_file
from datasets.reading import AS_STORED, PLAIN, PairOptions, Reading
from suite.errors import DatasetError, SettingsError

Task = Literal["quality", "detect", "segment"]
SPLITS = ("train", "val", "test")
IMAGE_SUFFIXES = (".png", ".jpg", ".jpeg", ".bmp", ".tif", ".tiff", ".webp")


@dataclass(frozen=True, kw_only=True)
class Boxes:
    """Object boxes of one image, `xyxy` in pixels, right and bottom edges exclusive."""

    xyxy: tuple[tuple[float, float, float, float], ...] = ()
    labels: tuple[int, ...] = ()
    """Class index of each box, into the dataset's `classes`."""
    evidence: tuple[str, ...] = ()
    """Synthetic scenes only: "both", "infrared" or "visible" for each box; empty where it is not known."""
    num_repeated: int = field(default=0, compare=False)
    """Boxes of the file that equal an earlier one in class and corners; they are left out here."""
    num_polygons: int = field(default=0, compare=False)
    """Objects that the file outlines by more than a box; their bounding boxes are here."""
    num_left_out: int = field(default=0, compare=False)
    """Objects of classes that the dataset does not count, crowds among them."""
    stated_size: tuple[int, int] | None = field(default=None, compare=False)
    """(H, W) of the image as the label file states it; None where it states none."""

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
    reading: Reading = AS_STORED
    """How the two files become a pair of images."""
    subsets: tuple[str, ...] = ()
    """Names of the parts of the dataset that it belongs to and that are scored on their own: "day", "night"."""
    condition: Condition | None = None
    """What is done to them once they are read; None: nothing."""

    @property
    def clean(self) -> Sample:
        """The same pair as its files hold it."""
        return self if self.condition is None else replace(self, condition=None)

    @property
    def digest(self) -> bytes:
        """Over the contents of both files, how they are read and what is done to them: the same digest, same pixels."""
        content = _file_digest(self.visible) + _file_digest(self.infrared)
        for changes in (self.reading if self.reading != AS_STORED else None, self.condition):
            content += b"" if changes is None else repr(changes).encode()
        return content


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
    options: PairOptions = PLAIN
    """What was said about how its files become pairs."""
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
    def place(self) -> str:
        """The dataset as commands take it; see `place_of`."""
        return place_of(self.name, self.root, self.options)

    @property
    def clean(self) -> PairedDataset:
        """The same pairs without what is done to them."""
        return replace(self, samples=tuple(sample.clean for sample in self.samples))

    @property
    def pairs_fingerprint(self) -> str:
        """Twelve hex digits over ids and image contents alone: what a fuser sees, whatever the labels and the task."""
        digest = hashlib.sha256()
        for sample in self.samples:
            digest.update(f"|{sample.id}".encode())
            digest.update(sample.digest)
        return digest.hexdigest()[:12]

    @property
    def fingerprint(self) -> str:
        """Twelve hex digits over task, classes, ids, labels and file contents; independent of place and time."""
        digest = hashlib.sha256()
        digest.update(f"{self.name}|{self.split}|{self.task}|{self.classes}|{self.ignore_index}".encode())
        for sample in self.samples:
            digest.update(f"|{sample.id}".encode())
            digest.update(sample.digest)
            if sample.subsets:
                digest.update(f"{sample.subsets}".encode())
            if isinstance(sample.target, MaskPath):
                digest.update(_file_digest(sample.target.path))
            elif sample.target is not None:
                digest.update(f"{sample.target.xyxy}{sample.target.labels}{sample.target.evidence}".encode())
        return digest.hexdigest()[:12]


_DIGESTS: dict[tuple[str, int, int, int, int], bytes] = {}


def _file_digest(path: Path) -> bytes:
    # Contents, not mtimes: a copied or re-cloned dataset must find its fused sets again. Remembered per process.
    # A pipe or a file of gigabytes that only looks like an image would keep the digest busy for ever.
    require_file(path)
    status = path.stat()
    # The time of the last change of the inode cannot be set back, as that of the contents can by any tool that copies.
    key = (str(path), status.st_size, status.st_mtime_ns, status.st_ctime_ns, status.st_ino)
    if key not in _DIGESTS:
        with path.open("rb") as opened:
            _DIGESTS[key] = hashlib.file_digest(opened, "sha256").digest()
    return _DIGESTS[key]


class Layout(ABC):
    """How one dataset lies on disk; the class attributes state its facts."""

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

    def __init__(self, root: str | PathLike[str], options: PairOptions = PLAIN) -> None:
        self.root = Path(root)
        self.options = options

    @property
    def reading(self) -> Reading:
        """How each pair is read."""
        return self.options.reading

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

    def tasks_here(self) -> tuple[Task, ...]:
        """The tasks whose labels are there; all that the dataset serves, unless it depends on the folder."""
        return self.tasks

    @property
    def place(self) -> str:
        """The dataset as commands take it; see `place_of`."""
        return place_of(self.name, self.root, self.options)

    def ignore_index_for(self, task: Task) -> int | None:
        """The class id that a task leaves out by default, or None."""
        return self.ignore_index

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
        samples = share_range(samples, self.options)
        return PairedDataset(
            name=self.name,
            split=split,
            task=task,
            classes=self.classes_for(task),
            root=self.root,
            samples=tuple(samples),
            ignore_index=self.ignore_index_for(task),
            options=self.options,
            facts={**self.facts(split, task), **self._reading_facts(samples)},
        )

    def _reading_facts(self, samples: Sequence[Sample]) -> Mapping[str, str]:
        found = {}
        if subsets := describe_subsets(samples):
            found["subsets"] = subsets
        if self.options.describe():
            found["reading"] = self.options.describe()
            if self.options.range_over == "set":
                reading = samples[0].reading
                found["reading"] += f" (visible {reading.visible_range}, infrared {reading.infrared_range})"
        boxes = [sample.target for sample in samples if isinstance(sample.target, Boxes)]
        repeated = [one.num_repeated for one in boxes if one.num_repeated]
        if repeated:
            found["repeated boxes"] = f"{sum(repeated)} in {len(repeated)} label files; each box is counted once"
        left_out = sum(one.num_left_out for one in boxes)
        if left_out:
            found["left out"] = f"{left_out} objects of classes that are not counted here, or crowds"
        polygons = sum(one.num_polygons for one in boxes)
        if polygons:
            found["polygons"] = f"{polygons} objects are outlined by polygons; their bounding boxes are used"
        return found


def describe_subsets(samples: Sequence[Sample]) -> str:
    """How many pairs each subset has here; empty where there are no subsets."""
    names = sorted({name for sample in samples for name in sample.subsets})
    counts = [f"{name} {sum(name in sample.subsets for sample in samples)}" for name in names]
    return f"{', '.join(counts)} of {len(samples)} pairs" if counts else ""


def place_of(name: str, root: Path, options: PairOptions) -> str:
    """A dataset as commands take it: its name, --root and what is said about its pairs."""
    return f"{name} --root {shlex.quote(str(root))}{options.spell()}"


def share_range(samples: Sequence[Sample], options: PairOptions) -> list[Sample]:
    """The samples with one range of levels for all of them, where the options ask for it.

    Raises:
        ImageError: a file cannot be read.
    """
    if options.range_over == "image" or not samples:
        return list(samples)
    from datasets.set_range import find_set_range

    rules = options.reading
    reading = replace(
        rules,
        visible_range=find_set_range([s.visible for s in samples], rules.visible_range, rules.channels, infrared=False),
        infrared_range=find_set_range(
            [s.infrared for s in samples], rules.infrared_range, rules.channels, infrared=True
        ),
    )
    return [replace(sample, reading=reading) for sample in samples]
