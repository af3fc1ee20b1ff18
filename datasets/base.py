"""What a dataset is to the rest of the suite: samples, their labels, and a layout that finds them on disk.

Each dataset's own file subclasses `Layout`: its facts (what it is, licence, paper, classes, official counts) and
`scan`, which lists files without opening an image. Checks that open files are in `datasets.checks`.
"""

from __future__ import annotations

import hashlib
import shlex
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Literal, overload

from datasets.corruptions.condition import Condition
from datasets.headers import require_file
from datasets.reading import AS_STORED, PLAIN, PairOptions, Reading

Labels = Literal["quality", "detect", "segment"]
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
    task: Labels
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


def place_of(name: str, root: Path, options: PairOptions) -> str:
    """A dataset as commands take it: its name, --root and what is said about its pairs."""
    return f"{name} --root {shlex.quote(str(root))}{options.spell()}"
