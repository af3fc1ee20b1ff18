"""M3FD: driving and campus scenes with boxes of six classes; no official split.

The frames come from videos, and the random splits in use put neighbours of the same second into train and test. Ours
goes by sequence. The release names no sequences, so they are inferred: neighbouring numbers are assumed to be
neighbouring frames, and every block of consecutive numbers is taken as one sequence. A pair's split depends on its own
number only, never on what else is on the disk.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import ClassVar

from datasets.annotations import describe_annotations, read_boxes
from datasets.base import Boxes, Labels, MaskPath, Sample
from datasets.layouts.folders import find_dir, require_dir, stray_labels
from datasets.layouts.survey import SurveyedLayout
from datasets.problems import Problem
from datasets.splits import LIST_FOLDER, read_lists

BLOCK_LENGTH = 100
"""Consecutive frame numbers taken as one sequence; 4,200 pairs give 42."""
GUARD_LENGTH = 10
"""Frames at the end of a train or val block that are left out where the next block belongs to another split."""
BLOCK_SPLITS = ("train", "train", "test", "train", "train", "val", "train", "test", "train", "train")
"""Splits of ten blocks in a row: 70 % train, 10 % val, 20 % test."""


class M3FD(SurveyedLayout):
    """M3FD (detection part) in its official layout, or with labels already in YOLO text."""

    name = "m3fd"
    title = "M3FD: 4,200 driving and campus pairs, 1024x768 (WxH), boxes of 6 classes"
    licence = "not stated by its authors; research use, cite the paper"
    paper = "Liu et al., Target-aware Dual Adversarial Learning and a Multi-scenario Multi-Modality Benchmark to Fuse \
Infrared and Visible for Object Detection, CVPR 2022"
    tasks = ("quality", "detect")
    classes = ("People", "Car", "Bus", "Lamp", "Motorcycle", "Truck")
    """In the order of the authors' YOLO labels."""
    official_counts: ClassVar[Mapping[str, int]] = {"all": 4200}
    suffixes = (".png",)
    expected = (
        "  Vis/00000.png             (or vi)\n"
        "  Ir/00000.png\n"
        "  Annotation/00000.xml      (Pascal VOC), or\n"
        "  labels/00000.txt          (YOLO: 0 People, 1 Car, 2 Bus, 3 Lamp, 4 Motorcycle, 5 Truck)"
    )

    def folders(self, split: str) -> tuple[Path, Path]:
        """One pair of folders for all splits."""
        return require_dir(self, self.root, ("Vis", "vi", "visible")), require_dir(self, self.root, ("Ir", "infrared"))

    def group_of(self, sample_id: str) -> str:
        """The inferred sequence: block of frame numbers."""
        return f"{int(sample_id) // BLOCK_LENGTH:02d}" if sample_id.isdecimal() else ""

    def members(self, split: str, ids: Sequence[str]) -> frozenset[str]:
        """By `splits/*.txt` where they exist, else by block of frame numbers."""
        listed = self.listed_members(split, ids)
        if listed is not None:
            return listed
        return frozenset(i for i in ids if split_of(i) == split)

    def survey_names(self, ids: Sequence[str]) -> list[Problem]:
        """Names without a frame number belong to no sequence."""
        if read_lists(self.root) is not None:
            return []
        detail = f"the name is not a frame number, so its sequence is unknown; give {LIST_FOLDER}/*.txt instead"
        return [Problem(kind="layout", id=i, detail=detail) for i in ids if not i.isdecimal()]

    def label_path(self, sample: Sample, task: Labels) -> Path | None:
        """`Annotation/<id>.xml` where that folder exists, else `labels/<id>.txt`."""
        if task != "detect":
            return None
        annotations = find_dir(self.root, ("Annotation", "Annotations"))
        if annotations is not None:
            return annotations / f"{sample.id}.xml"
        return require_dir(self, self.root, ("labels", "Annotation")) / f"{sample.id}.txt"

    def read_label(self, path: Path, sample: Sample, task: Labels) -> tuple[Boxes | MaskPath | None, list[Problem]]:
        """The boxes of one pair."""
        return read_boxes(path, self.classes, sample)

    def stray_labels(self, split: str, task: Labels) -> list[Problem]:
        """Labels of no image."""
        if task != "detect":
            return []
        visible = self.folders(split)[0]
        return stray_labels(self._labels(), visible.iterdir(), visible)

    def _labels(self) -> list[Path]:
        annotations = find_dir(self.root, ("Annotation", "Annotations"))
        return list(annotations.glob("*.xml")) if annotations else list(self.root.glob("labels/*.txt"))

    def facts(self, split: str, task: Labels) -> Mapping[str, str]:
        """How the splits were made, and which set of annotations this is."""
        rule = (
            f"no official split; by inferred sequence (blocks of {BLOCK_LENGTH} frame numbers, of every ten blocks "
            f"7 train, 1 val, 2 test; {GUARD_LENGTH} frames at borders between splits left out of train and val)"
        )
        listed = read_lists(self.root) is not None
        found = {"split": f"as listed in {LIST_FOLDER}/*.txt" if listed else rule}
        if task == "detect":
            found["annotations"] = describe_annotations(self._labels())
        return found


def split_of(sample_id: str) -> str | None:
    """The split of a frame number; None for frames left out at the border of a sequence, and for other names."""
    if not sample_id.isdecimal():
        return None
    number = int(sample_id)
    split = _block_split(number // BLOCK_LENGTH)
    if split == "test":
        return split
    neighbours = ((number - GUARD_LENGTH) // BLOCK_LENGTH, (number + GUARD_LENGTH) // BLOCK_LENGTH)
    return split if all(block < 0 or _block_split(block) == split for block in neighbours) else None


def _block_split(block: int) -> str:
    return BLOCK_SPLITS[block % len(BLOCK_SPLITS)]
