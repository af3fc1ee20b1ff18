"""FMB: driving scenes in many weathers with masks of fifteen ids, the full-time multi-modality benchmark.

Published mIoU on FMB differ by up to five points with the way classes are counted: id 0 is "unlabelled", and no test
pixel is a Bicycle. Here id 0 is left out by default and an absent class is nan; `docs/protocol.md` names the options.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import ClassVar

from datasets.base import Labels
from datasets.layouts.split_folders import SplitFolders


class FMB(SplitFolders):
    """FMB in its official layout."""

    name = "fmb"
    title = "FMB: 1,500 driving pairs, 800x600 (WxH), masks of 15 ids"
    licence = "not stated by its authors; research use, cite the paper"
    paper = "Liu et al., Multi-interactive Feature Learning and a Full-time Multi-modality Benchmark for Image Fusion \
and Segmentation, ICCV 2023"
    tasks = ("quality", "segment")
    classes = (
        "unlabelled",
        "Road",
        "Sidewalk",
        "Building",
        "Traffic Light",
        "Traffic Sign",
        "Vegetation",
        "Sky",
        "Person",
        "Car",
        "Truck",
        "Bus",
        "Motorcycle",
        "Bicycle",
        "Pole",
    )
    ignore_index = 0
    official_counts: ClassVar[Mapping[str, int]] = {"train": 1220, "test": 280}
    suffixes = (".png",)
    visible_names = ("Visible",)
    infrared_names = ("Infrared",)
    label_names = ("Label",)
    expected = (
        "  {train,test}/Visible/00001.png\n"
        "  {train,test}/Infrared/00001.png\n"
        "  {train,test}/Label/00001.png   (class ids 0 to 14; not the colour-coded folder)"
    )

    def facts(self, split: str, task: Labels) -> Mapping[str, str]:
        """How validation was made, and what the class counts hide."""
        found = dict(super().facts(split, task))
        if task == "segment":
            found["classes"] = "id 0 is unlabelled; the official test split has no pixel of Bicycle"
        return found
