"""FLIR-aligned: driving scenes with boxes, the registered part of the FLIR ADAS data; the infrared frame is labelled.

The raw FLIR data are not registered. This is the selection of Zhang et al. (ICIP 2020) as it is handed on: both
modalities in one folder, told apart by the end of the name.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path
from typing import ClassVar

from datasets.annotations import describe_annotations, read_boxes
from datasets.base import Boxes, Labels, MaskPath, Sample
from datasets.layouts.folders import require_dir
from datasets.layouts.survey import SurveyedLayout
from datasets.names import Matched, match_pairs
from datasets.problems import Problem
from suite.errors import DatasetError

VISIBLE_NAME, INFRARED_NAME = "*_RGB", "*_PreviewData"
LISTS = {"train": "align_train.txt", "test": "align_validation.txt"}
LEFT_OUT = ("dog",)
"""A handful of boxes; papers score the other three classes."""


class FLIRAligned(SurveyedLayout):
    """FLIR-aligned as VOC folders, its splits in two lists."""

    name = "flir-aligned"
    title = "FLIR-aligned: 5,142 driving pairs, 640x512 (WxH), boxes of 3 classes"
    licence = "FLIR's terms for the ADAS data set; research use, cite the papers"
    paper = "Zhang et al., Multispectral Fusion for Object Detection with Cyclic Fuse-and-Refine Blocks, ICIP 2020"
    tasks = ("quality", "detect")
    classes = ("person", "car", "bicycle")
    official_counts: ClassVar[Mapping[str, int]] = {"train": 4129, "test": 1013}
    expected = (
        "  JPEGImages/FLIR_00002_RGB.jpg\n"
        "  JPEGImages/FLIR_00002_PreviewData.jpeg\n"
        "  Annotations/FLIR_00002_PreviewData.xml\n"
        "  align_train.txt, align_validation.txt   (one FLIR_00002_PreviewData a line; here or in ImageSets/Main)"
    )

    def folders(self, split: str) -> tuple[Path, Path]:
        """One folder for everything; the lists say what belongs to a split."""
        folder = require_dir(self, self.root, ("JPEGImages",))
        self._listed("test" if split == "test" else "train")
        return folder, folder

    def match(self, visible: Path, infrared: Path) -> Matched:
        """By the ends of the names."""
        return match_pairs(visible, infrared, patterns=(VISIBLE_NAME, INFRARED_NAME))

    def used(self, split: str, ids: Sequence[str]) -> frozenset[str]:
        """By the two lists; validation is carved from train."""
        return self._listed("test" if split == "test" else "train") & frozenset(ids)

    def _listed(self, name: str) -> frozenset[str]:
        path = next(self._lists(name), None)
        if path is None:
            raise DatasetError(f"{self.name}: no {LISTS[name]} under {self.root}. Expected:\n{self.expected}")
        return frozenset(name.removesuffix("_PreviewData").removesuffix("_RGB") for name in self.read_names(path))

    def label_path(self, sample: Sample, task: Labels) -> Path | None:
        """`Annotations/<id>_PreviewData.xml`."""
        if task != "detect":
            return None
        return require_dir(self, self.root, ("Annotations",)) / f"{sample.infrared.stem}.xml"

    def read_label(self, path: Path, sample: Sample, task: Labels) -> tuple[Boxes | MaskPath | None, list[Problem]]:
        """The boxes of one pair."""
        return read_boxes(path, self.classes, sample, left_out=LEFT_OUT)

    def companions(self) -> tuple[Path, ...]:
        """The lists of the splits."""
        return tuple(path for name in LISTS for path in self._lists(name))

    def _lists(self, name: str) -> Iterator[Path]:
        """The files that hold a list; the first counts."""
        places = (self.root, self.root / "ImageSets" / "Main", self.root / "ImageSets")
        return (path for place in places if (path := place / LISTS[name]).is_file())

    def facts(self, split: str, task: Labels) -> Mapping[str, str]:
        """How validation was made, and which set of annotations this is."""
        found = dict(super().facts(split, task))
        if task == "detect":
            folder = require_dir(self, self.root, ("Annotations",))
            found["annotations"] = describe_annotations(list(folder.glob("*.xml")))
        return found
