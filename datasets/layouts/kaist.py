"""KAIST: pedestrians from a driving car by day and night, in sequences; boxes of persons.

Sets 00 to 05 are train, 06 to 11 test. Published scores use every 20th frame of test, as its list says; where the list
is there it is followed. Annotations exist in several corrected versions: their hash is in every record.
"""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import ClassVar

from datasets.annotations import describe_annotations, read_boxes
from datasets.base import Boxes, Labels, MaskPath, Sample
from datasets.box_reading import BoxReading
from datasets.label_files import LabelFileError, read_label_text
from datasets.layouts.folders import find_dir, require_dir
from datasets.layouts.survey import SurveyedLayout
from datasets.problems import Problem
from datasets.splits import LIST_FOLDER, read_lists
from suite.errors import DatasetError, ImageError

TRAIN_SETS, TEST_SETS = tuple(f"set{n:02d}" for n in range(6)), tuple(f"set{n:02d}" for n in range(6, 12))
LEFT_OUT = ("people", "cyclist", "person?", "person?a", "personfa")
"""Crowds, riders and doubtful persons: regions that the protocol neither counts nor blames."""
LIST_FOLDERS, LABEL_FOLDERS = ("imageSets",), ("annotations", "annotations-xml-new-sanitized", "annotations-xml-new")
TEST_LIST = "test-all-20.txt"
TRAIN_LISTS = ("train-all-02.txt", "train-all-04.txt", "train-all-20.txt")


class KAIST(SurveyedLayout):
    """KAIST multispectral pedestrians in their official layout."""

    name = "kaist"
    title = "KAIST: 95,328 driving pairs in sequences, 640x512 (WxH), person boxes"
    licence = "non-commercial use (CC BY-NC-SA 4.0), cite the paper"
    paper = "Hwang et al., Multispectral Pedestrian Detection: Benchmark Dataset and Baseline, CVPR 2015"
    tasks = ("quality", "detect")
    classes = ("person",)
    suffixes = (".jpg",)
    prefix_is_sequence = True
    official_counts: ClassVar[Mapping[str, int]] = {}
    """None: how many frames are used depends on the list and on the version of the annotations."""
    expected = (
        "  [images/]set00/V000/{visible,lwir}/I00000.jpg\n"
        "  annotations/set00/V000/I00000.txt           (or .xml)\n"
        "  imageSets/test-all-20.txt, train-all-02.txt (set06/V000/I00019 a line; without them every frame)"
    )

    def folder_pairs(self, split: str) -> Mapping[str, tuple[Path, Path]]:
        """Each sequence of the sets of a split."""
        found = {}
        for name in TEST_SETS if split == "test" else TRAIN_SETS:
            home = find_dir(self._images(), (name,))
            for video in sorted(home.iterdir()) if home else ():
                both = [find_dir(video, (modality,)) for modality in ("visible", "lwir")]
                if both[0] is not None and both[1] is not None:
                    found[f"{name}_{video.name}_"] = (both[0], both[1])
        if not found:
            wanted = TEST_SETS if split == "test" else TRAIN_SETS
            raise DatasetError(
                f"{self.name}: no sequence of {wanted[0]} to {wanted[-1]} under {self.root}. Pass --root DIR, the "
                f"folder that holds:\n{self.expected}"
            )
        return found

    def _images(self) -> Path:
        return find_dir(self.root, ("images",)) or self.root

    def used(self, split: str, ids: Sequence[str]) -> frozenset[str]:
        """By the image sets; validation takes whole sequences of train."""
        chosen = self._image_set(split)
        return frozenset(ids) if chosen is None else frozenset(ids) & chosen

    def _image_set(self, split: str) -> frozenset[str] | None:
        folder = find_dir(self.root, LIST_FOLDERS)
        names = (TEST_LIST,) if split == "test" else TRAIN_LISTS
        path = next((folder / name for name in names if (folder / name).is_file()), None) if folder else None
        return frozenset(name.replace("/", "_") for name in self.read_names(path)) if path else None

    def label_path(self, sample: Sample, task: Labels) -> Path | None:
        """`annotations/<set>/<video>/<frame>.txt` or `.xml`."""
        if task != "detect":
            return None
        home = require_dir(self, self.root, LABEL_FOLDERS)
        stem = home.joinpath(*sample.visible.parent.parent.relative_to(self._images()).parts, sample.visible.stem)
        xml = stem.with_suffix(".xml")
        return xml if xml.is_file() else stem.with_suffix(".txt")

    def read_label(self, path: Path, sample: Sample, task: Labels) -> tuple[Boxes | MaskPath | None, list[Problem]]:
        """The persons of one pair."""
        if path.suffix == ".xml":
            return read_boxes(path, self.classes, sample, left_out=LEFT_OUT)
        return read_toolbox_text(path, sample)

    def facts(self, split: str, task: Labels) -> Mapping[str, str]:
        """Which frames are used, how validation was made, and which set of annotations this is."""
        found = {**super().facts(split, task), "frames": self._describe_frames(split)}
        if task == "detect":
            home = require_dir(self, self.root, LABEL_FOLDERS)
            found["annotations"] = describe_annotations([*home.glob("*/*/*.txt"), *home.glob("*/*/*.xml")])
        return found

    def _describe_frames(self, split: str) -> str:
        if read_lists(self.root) is not None:
            return f"as listed in {LIST_FOLDER}/*.txt"
        return "all" if self._image_set(split) is None else "as listed in imageSets"


def read_toolbox_text(path: Path, sample: Sample) -> tuple[Boxes, list[Problem]]:
    """The persons of a file in the text form of Dollar's toolbox: `person x y width height ...` a line, after `%`."""
    from datasets.images import pair_size

    reading = BoxReading(path, (0, 0))
    try:
        reading.height, reading.width = pair_size(sample)
        lines = read_label_text(path).splitlines()
    except (ImageError, LabelFileError) as error:
        reading.blame("unreadable label", str(error))
        return reading.result()
    for number, line in enumerate((line for line in lines if line.strip() and not line.startswith("%")), start=1):
        found = re.match(r"\s*(\S+)\s+(-?[\d.]+)\s+(-?[\d.]+)\s+(-?[\d.]+)\s+(-?[\d.]+)", line)
        if found is None:
            reading.blame("unreadable label", f"box {number}: expected 'person x y width height', got {line[:80]!r}")
        elif found[1].casefold() in LEFT_OUT:
            reading.num_left_out += 1
        elif found[1].casefold() != "person":
            reading.blame(
                "unknown class", f"box {number}: unknown class {found[1]!r}. Known: person, {', '.join(LEFT_OUT)}"
            )
        else:
            x, y, width, height = (float(value) for value in found.groups()[1:])
            # Boxes at the border stick out in these files by design.
            x2, y2 = min(x + width, float(reading.width)), min(y + height, float(reading.height))
            reading.add(number, (max(x, 0.0), max(y, 0.0), x2, y2), 0)
    return reading.result()
