"""RoadScene: registered road pairs cut from the FLIR video; no labels and no official split, so all pairs are test."""

from __future__ import annotations

from collections.abc import Mapping
from typing import ClassVar

from datasets.layouts.folder import Folder
from datasets.layouts.modality_folders import INFRARED_NAMES, VISIBLE_NAMES


class RoadScene(Folder):
    """RoadScene as its authors publish it, or as `vi` and `ir`."""

    name = "roadscene"
    title = "RoadScene: 221 road pairs, each of its own size (about 330x530 HxW); boxes where someone added them"
    tasks = ("quality", "detect")
    classes = ("person", "car", "bicycle")
    """Of the boxes that the FLIR video, from which the pairs were cut, was published with."""
    licence = "not stated by its authors; asks to cite the paper"
    paper = "Xu et al., FusionDN: A Unified Densely Connected Network for Image Fusion, AAAI 2020"
    official_counts: ClassVar[Mapping[str, int]] = {"all": 221}
    suffixes = (".jpg",)
    visible_names = ("crop_LR_visible", *VISIBLE_NAMES)
    infrared_names = ("cropinfrared", *INFRARED_NAMES)
    expected = (
        "  crop_LR_visible/FLIR_00006.jpg   (or vi)\n"
        "  cropinfrared/FLIR_00006.jpg      (or ir)\n"
        "  labels/FLIR_00006.txt            (YOLO: 0 person, 1 car, 2 bicycle), not part of the release\n"
        "All pairs are test; own splits: splits/{train,val,test}.txt, one id a line."
    )
