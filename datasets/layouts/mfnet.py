"""MFNet: road scenes by day and night with masks of nine classes, RGB and thermal in one file of four channels.

The official Diff-IF weights were trained on it. MSRS is a cleaned selection of it.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import replace
from pathlib import Path
from typing import ClassVar

from datasets.base import Labels, Sample
from datasets.layouts.folders import find_dir, require_dir, stray_labels
from datasets.layouts.survey import SurveyedLayout
from datasets.names import Matched, match_pairs
from datasets.problems import Problem
from datasets.reading import Reading
from datasets.splits import read_lists

FLIPPED = "_flip"
"""Mirrored copies, which the authors' preparation writes beside the originals; no scenes of their own."""


class MFNet(SurveyedLayout):
    """MFNet in its official layout."""

    name = "mfnet"
    title = "MFNet: 1,569 road pairs by day and night, 640x480 (WxH), RGB and thermal in one file, masks of 9 classes"
    licence = "not stated by its authors; research use, cite the paper"
    paper = "Ha et al., MFNet: Towards Real-Time Semantic Segmentation for Autonomous Vehicles with Multi-Spectral \
Scenes, IROS 2017"
    tasks = ("quality", "segment")
    classes = ("unlabelled", "car", "person", "bike", "curve", "car stop", "guardrail", "color cone", "bump")
    own_validation = "the dataset's own list"
    official_counts: ClassVar[Mapping[str, int]] = {"train": 1176, "test": 393}
    suffixes = (".png",)
    expected = (
        "  images/00001D.png    (four channels: red, green, blue, thermal)\n"
        "  labels/00001D.png    (class ids 0 to 8)\n"
        "  train.txt, val.txt, test.txt   (one id a line)"
    )

    @property
    def reading(self) -> Reading:
        """The fourth channel is the infrared image."""
        return replace(super().reading, channels="rgbt")

    def folders(self, split: str) -> tuple[Path, Path]:
        """One folder for all; the lists say what belongs to a split."""
        folder = require_dir(self, self.root, ("images",))
        self._listed(split)
        return folder, folder

    def match(self, visible: Path, infrared: Path) -> Matched:
        """Each file is a pair; mirrored copies are left out."""
        found = match_pairs(visible, infrared, patterns=("*", "*"))
        kept = tuple(pair for pair in found.pairs if not pair.id.endswith(FLIPPED))
        return replace(found, pairs=kept)

    def carves_validation(self) -> bool:
        """No: validation has a list of its own."""
        return False

    def used(self, split: str, ids: Sequence[str]) -> frozenset[str]:
        """By the official lists."""
        return self._listed(split) & frozenset(ids)

    def _listed(self, split: str) -> frozenset[str]:
        if read_lists(self.root) is not None:
            return frozenset()
        return self.read_names(self.root / f"{split}.txt")

    def label_path(self, sample: Sample, task: Labels) -> Path | None:
        """`labels/<id>.png`."""
        if task != "segment":
            return None
        return require_dir(self, self.root, ("labels",)) / f"{sample.id}.png"

    def stray_labels(self, split: str, task: Labels) -> list[Problem]:
        """Masks of no image."""
        labels, images = find_dir(self.root, ("labels",)), find_dir(self.root, ("images",))
        if task != "segment" or labels is None or images is None:
            return []
        return stray_labels(labels.glob("*.png"), images.iterdir(), images)

    def companions(self) -> tuple[Path, ...]:
        """The lists of the splits."""
        return tuple(
            self.root / f"{name}.txt" for name in ("train", "val", "test") if (self.root / f"{name}.txt").is_file()
        )

    def stratum_of(self, sample_id: str) -> str:
        """`D` (day) or `N` (night), the last letter of the name."""
        return sample_id[-1:] if sample_id[-1:] in ("D", "N") else ""

    def facts(self, split: str, task: Labels) -> Mapping[str, str]:
        """Where validation comes from, and the overlap with the official weights."""
        overlap = "the official Diff-IF weights were trained on MFNet: not unseen data for them"
        return {**super().facts(split, task), "overlap": overlap}
