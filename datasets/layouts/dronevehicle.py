"""DroneVehicle: vehicles from a drone by day and night, boxes of five classes; labels of the infrared frame.

Every file carries a white border of 100 pixels, which is part of the images here, as it is in the files. Oriented boxes
are read as the upright boxes around them.
"""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import ClassVar

from datasets.annotations import describe_annotations, read_boxes
from datasets.base import Boxes, Labels, MaskPath, Sample
from datasets.layouts.folders import require_dir, stray_labels
from datasets.layouts.survey import SurveyedLayout
from datasets.problems import Problem

ALIASES = {"feright car": "freight car", "feright_car": "freight car", "feright": "freight car", "truvk": "truck"}
"""Spellings that occur in the published labels."""
LEFT_OUT = ("*",)


class DroneVehicle(SurveyedLayout):
    """DroneVehicle in its official layout."""

    name = "dronevehicle"
    title = "DroneVehicle: 28,439 aerial pairs, 840x712 (WxH) with a white border, boxes of 5 classes"
    licence = "research use, as its authors state; cite the paper"
    paper = "Sun et al., Drone-Based RGB-Infrared Cross-Modality Vehicle Detection via Uncertainty-Aware Learning, \
IEEE Transactions on Circuits and Systems for Video Technology 32(10), 2022"
    tasks = ("quality", "detect")
    classes = ("car", "truck", "bus", "van", "freight car")
    official_counts: ClassVar[Mapping[str, int]] = {"train": 19459, "test": 8980}
    """Train holds the official val, which has a folder of its own."""
    suffixes = (".jpg",)
    expected = (
        "  {train,val,test}/{train,val,test}img/00001.jpg       (visible)\n"
        "  {train,val,test}/{train,val,test}imgr/00001.jpg      (infrared)\n"
        "  {train,val,test}/{train,val,test}labelr/00001.xml    (of the infrared frame)"
    )

    def folders(self, split: str) -> tuple[Path, Path]:
        """See `SurveyedLayout.folders`."""
        folder = require_dir(self, self.root, (split,))
        return require_dir(self, folder, (f"{split}img",)), require_dir(self, folder, (f"{split}imgr",))

    def label_path(self, sample: Sample, task: Labels) -> Path | None:
        """`<split>/<split>labelr/<id>.xml`."""
        if task != "detect":
            return None
        folder = sample.visible.parent.parent
        return require_dir(self, folder, (f"{folder.name}labelr",)) / f"{sample.id}.xml"

    def read_label(self, path: Path, sample: Sample, task: Labels) -> tuple[Boxes | MaskPath | None, list[Problem]]:
        """The upright boxes of one pair."""
        return read_boxes(path, self.classes, sample, aliases=ALIASES, left_out=LEFT_OUT)

    def stray_labels(self, split: str, task: Labels) -> list[Problem]:
        """Labels of no image."""
        if task != "detect":
            return []
        visible = self.folders(split)[0]
        labels = require_dir(self, visible.parent, (f"{visible.parent.name}labelr",))
        return stray_labels(labels.glob("*.xml"), visible.iterdir(), visible)

    def facts(self, split: str, task: Labels) -> Mapping[str, str]:
        """What the files hold beside the scene, and which set of annotations this is."""
        found = {**super().facts(split, task), "border": "white borders of 100 pixels are part of the images"}
        if task == "detect":
            visible = self.folders(split)[0]
            labels = require_dir(self, visible.parent, (f"{visible.parent.name}labelr",))
            found["annotations"] = describe_annotations(list(labels.glob("*.xml")))
        return found
