"""LLVIP: people at night, seen by two cameras on a pole; the standard set for pedestrian detection on fused images.

The annotations were corrected by their authors after publication, so the hash of the annotation set goes into every
record: two scores are comparable only where it is the same.
"""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import ClassVar

from datasets.annotations import describe_annotations, read_boxes
from datasets.base import Boxes, Labels, MaskPath, Sample
from datasets.layouts.folders import find_dir, require_dir, stray_labels
from datasets.layouts.survey import SurveyedLayout
from datasets.problems import Problem

SCENE_DIGITS = 2


class LLVIP(SurveyedLayout):
    """LLVIP in its official layout, with VOC annotations or with labels already in YOLO text."""

    name = "llvip"
    title = "LLVIP: 15,488 night-time street pairs, 1280x1024 (WxH), person boxes"
    licence = "non-commercial use only (LLVIP Term of Use and License); no identification of persons"
    paper = "Jia et al., LLVIP: A Visible-infrared Paired Dataset for Low-light Vision, ICCV Workshops 2021"
    tasks = ("quality", "detect")
    classes = ("person",)
    official_counts: ClassVar[Mapping[str, int]] = {"train": 12025, "test": 3463}
    suffixes = (".jpg",)
    expected = (
        "  visible/{train,test}/010001.jpg\n"
        "  infrared/{train,test}/010001.jpg\n"
        "  Annotations/010001.xml             (Pascal VOC), or\n"
        "  labels/{train,test}/010001.txt     (YOLO)"
    )

    def folders(self, split: str) -> tuple[Path, Path]:
        """See `SurveyedLayout.folders`; a folder `val` is used where there is one."""
        both = [require_dir(self, self.root, (name,)) for name in ("visible", "infrared")]
        own_val = split == "val" and all((folder / "val").is_dir() for folder in both)
        name = "val" if own_val else "test" if split == "test" else "train"
        visible, infrared = (require_dir(self, folder, (name,)) for folder in both)
        return visible, infrared

    def group_of(self, sample_id: str) -> str:
        """The scene: the first two digits of the six."""
        return sample_id[:SCENE_DIGITS]

    def label_path(self, sample: Sample, task: Labels) -> Path | None:
        """`Annotations/<id>.xml` where that folder exists, else `labels/<folder of the image>/<id>.txt`."""
        if task != "detect":
            return None
        annotations = find_dir(self.root, ("Annotations",))
        if annotations is not None:
            return annotations / f"{sample.id}.xml"
        labels = require_dir(self, self.root, ("labels", "Annotations"))
        return labels / sample.visible.parent.name / f"{sample.id}.txt"

    def read_label(self, path: Path, sample: Sample, task: Labels) -> tuple[Boxes | MaskPath | None, list[Problem]]:
        """The boxes of one pair."""
        return read_boxes(path, self.classes, sample)

    def stray_labels(self, split: str, task: Labels) -> list[Problem]:
        """Labels of no image; `Annotations` is one folder for all splits, so all of them must be here to judge it."""
        if task != "detect":
            return []
        visible = require_dir(self, self.root, ("visible",))
        if find_dir(self.root, ("Annotations",)) is None:
            folder = self.folders(split)[0]
            return stray_labels((self.root / "labels" / folder.name).glob("*.txt"), folder.iterdir(), folder)
        if not all((visible / name).is_dir() for name in ("train", "test")):
            return []
        return stray_labels(self._labels(), visible.glob("*/*"), visible)

    def _labels(self) -> list[Path]:
        annotations = find_dir(self.root, ("Annotations",))
        return list(annotations.glob("*.xml")) if annotations else list(self.root.glob("labels/*/*.txt"))

    def facts(self, split: str, task: Labels) -> Mapping[str, str]:
        """How validation was made, and which set of annotations this is."""
        found = dict(super().facts(split, task))
        if task == "detect":
            found["annotations"] = describe_annotations(self._labels())
        return found
