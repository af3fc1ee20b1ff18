"""MSRS: road scenes by day and night with masks of nine classes, cleaned and enhanced from MFNet."""

from __future__ import annotations

from collections.abc import Mapping
from typing import ClassVar

from datasets.base import Labels
from datasets.layouts.split_folders import SplitFolders

LABEL_FOLDER = "Segmentation_labels"
PSEUDO_LABEL_CLASSES = 4
"""Machine-made labels of MSRS in circulation know the first four classes only."""
OVERLAP = (
    "MSRS derives from MFNet, on which the official Diff-IF weights were trained: their scores on MSRS are not scores "
    "on unseen data"
)


class MSRS(SplitFolders):
    """MSRS in its official layout."""

    name = "msrs"
    title = "MSRS: 1,444 road pairs by day and night, 640x480 (WxH), masks of 9 classes"
    licence = "not stated by its authors; research use, cite the paper"
    paper = "Tang et al., PIAFusion: A progressive infrared and visible image fusion network based on illumination \
aware, Information Fusion 83-84, 2022"
    tasks = ("quality", "segment")
    classes = (
        "unlabelled",
        "car",
        "person",
        "bike",
        "curve",
        "car stop",
        "guardrail",
        "color cone",
        "bump",
    )
    official_counts: ClassVar[Mapping[str, int]] = {"train": 1083, "test": 361}
    suffixes = (".png",)
    visible_names = ("vi",)
    infrared_names = ("ir",)
    label_names = (LABEL_FOLDER,)
    expected = (
        "  {train,test}/vi/00001D.png\n"
        "  {train,test}/ir/00001D.png\n"
        "  {train,test}/Segmentation_labels/00001D.png   (class ids 0 to 8)"
    )

    def stratum_of(self, sample_id: str) -> str:
        """`D` (day) or `N` (night), the last letter of the name."""
        return sample_id[-1:] if sample_id[-1:] in ("D", "N") else ""

    def facts(self, split: str, task: Labels) -> Mapping[str, str]:
        """How validation was made, the overlap with the official weights, and whether the labels look machine-made."""
        found = {**super().facts(split, task), "overlap": OVERLAP}
        if task == "segment":
            found["labels"] = self._describe_labels(split)
        return found

    def _describe_labels(self, split: str) -> str:
        import numpy as np

        from datasets.masks import read_labels  # loads torch and OpenCV, which other tasks do not need here

        used: set[int] = set()
        for path in self.masks(split):
            used.update(np.unique(read_labels(path)).tolist())
            if max(used) >= PSEUDO_LABEL_CLASSES:
                break  # enough is known: these are not the four-class labels
        markers = self._pseudo_label_markers()
        if used and max(used) < PSEUDO_LABEL_CLASSES:
            named = ", ".join(f"{i} {self.classes[i]}" for i in sorted(used))
            return (
                f"labels use only ids {named} of the {len(self.classes)} classes, as machine-made pseudo-labels do; "
                f"no MSRS benchmark figures{markers}"
            )
        return f"machine-made pseudo-labels{markers}" if markers else "class ids as in MSRS"

    def _pseudo_label_markers(self) -> str:
        places = [self.root, *(self.root / split / LABEL_FOLDER for split in ("train", "test"))]
        notes = [path for place in places if place.is_dir() for path in sorted(place.glob("README*")) if path.is_file()]
        named = [n for n in notes if "pseudo-label" in n.read_text(encoding="utf-8", errors="replace").lower()]
        return f" (said by {', '.join(str(n.relative_to(self.root)) for n in named)})" if named else ""
