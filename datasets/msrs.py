"""MSRS: road scenes by day and night with masks of nine classes, cleaned and enhanced from MFNet."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import ClassVar

from datasets.base import IMAGE_SUFFIXES, Sample, Task
from datasets.faults import Fault
from datasets.survey import SurveyedLayout, find_dir, require_dir

LABEL_FOLDER = "Segmentation_labels"
PSEUDO_LABEL_CLASSES = 4
"""Machine-made labels of MSRS in circulation know the first four classes only."""
OVERLAP = (
    "MSRS derives from MFNet, on which the official Diff-IF weights were trained: their scores on MSRS are not scores "
    "on unseen data"
)


class MSRS(SurveyedLayout):
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
    expected = (
        "  {train,test}/vi/00001D.png\n"
        "  {train,test}/ir/00001D.png\n"
        "  {train,test}/Segmentation_labels/00001D.png   (class ids 0 to 8)"
    )

    def folders(self, split: str) -> tuple[Path, Path]:
        """See `SurveyedLayout.folders`; a folder `val` is used where there is one."""
        own = find_dir(self.root, (split,)) if split == "val" else None
        folder = own or require_dir(self, self.root, ("test" if split == "test" else "train",))
        return require_dir(self, folder, ("vi",)), require_dir(self, folder, ("ir",))

    def stratum_of(self, sample_id: str) -> str:
        """`D` (day) or `N` (night), the last letter of the name."""
        return sample_id[-1:] if sample_id[-1:] in ("D", "N") else ""

    def label_path(self, sample: Sample, split: str, task: Task) -> Path | None:
        """`Segmentation_labels/<id>.png` beside the image's folder."""
        if task != "segment":
            return None
        return require_dir(self, sample.visible.parent.parent, (LABEL_FOLDER,)) / f"{sample.id}.png"

    def stray_labels(self, split: str, task: Task) -> list[Fault]:
        """Masks of no image in the folders of this split."""
        if task != "segment":
            return []
        folder = self.folders(split)[0]
        images = {path.stem for path in folder.iterdir()}
        return [
            Fault(kind="label without image", id=path.stem, detail=f"{path} labels no image in {folder}")
            for path in self._masks(split)
            if path.stem not in images
        ]

    def _masks(self, split: str) -> list[Path]:
        folder = find_dir(self.folders(split)[0].parent, (LABEL_FOLDER,))
        return [p for p in sorted(folder.iterdir()) if p.suffix.lower() in IMAGE_SUFFIXES] if folder else []

    def facts(self, split: str, task: Task) -> Mapping[str, str]:
        """How validation was made, the overlap with the official weights, and whether the labels look machine-made."""
        found = {**super().facts(split, task), "overlap": OVERLAP}
        if task == "segment":
            found["labels"] = self._describe_labels(split)
        return found

    def _describe_labels(self, split: str) -> str:
        import numpy as np

        from datasets.images import read_labels  # loads torch and OpenCV, which other tasks do not need here

        used: set[int] = set()
        for path in self._masks(split):
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
