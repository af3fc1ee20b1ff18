"""Layouts of the form `{train,test}/{visible,infrared[,labels]}`, with masks as labels where there are any."""

from __future__ import annotations

from pathlib import Path
from typing import ClassVar

from datasets.base import IMAGE_SUFFIXES, Labels, Sample
from datasets.layouts.folders import find_dir, require_dir, stray_labels
from datasets.layouts.survey import SurveyedLayout
from datasets.problems import Problem


class SplitFolders(SurveyedLayout):
    """Split above modality; a folder `val` is used where there is one, else validation is carved from train."""

    visible_names: ClassVar[tuple[str, ...]]
    """Names under which the visible folder is accepted; the first is the official one."""
    infrared_names: ClassVar[tuple[str, ...]]
    label_names: ClassVar[tuple[str, ...]] = ()
    """Names of the folder of id masks; empty where the dataset has none."""

    def home(self) -> Path:
        """The folder that holds the splits."""
        return self.root

    def folders(self, split: str) -> tuple[Path, Path]:
        """See `SurveyedLayout.folders`."""
        own = find_dir(self.home(), (split,)) if split == "val" else None
        folder = own or require_dir(self, self.home(), ("test" if split == "test" else "train",))
        return require_dir(self, folder, self.visible_names), require_dir(self, folder, self.infrared_names)

    def label_path(self, sample: Sample, task: Labels) -> Path | None:
        """The mask of the same name in the label folder of the split, PNG."""
        if task != "segment":
            return None
        return require_dir(self, sample.visible.parent.parent, self.label_names) / f"{sample.id}.png"

    def stray_labels(self, split: str, task: Labels) -> list[Problem]:
        """Masks of no image in the folders of this split."""
        if task != "segment":
            return []
        folder = self.folders(split)[0]
        return stray_labels(self.masks(split), folder.iterdir(), folder)

    def masks(self, split: str) -> list[Path]:
        """The mask files in the folders of a split, sorted."""
        folder = find_dir(self.folders(split)[0].parent, self.label_names)
        return [p for p in sorted(folder.iterdir()) if p.suffix.lower() in IMAGE_SUFFIXES] if folder else []
