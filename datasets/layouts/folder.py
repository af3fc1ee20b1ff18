"""Anyone's pairs: two folders with the same file names, no labels, with or without splits."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import ClassVar

from datasets.base import SPLITS, Task
from datasets.layouts.survey import SurveyedLayout, find_dir, require_dir
from datasets.splits import LIST_FOLDER, read_lists
from suite.errors import DatasetError

VISIBLE_NAMES = ("visible", "vi", "vis", "rgb", "vis_img", "visible_images")
INFRARED_NAMES = ("infrared", "ir", "inf", "thermal", "lwir", "tir", "infrared_images")


class Folder(SurveyedLayout):
    """Pairs in two sub-folders; other sub-folders (fused images, candidates) are left alone."""

    name = "folder"
    title = "own pairs: two folders with the same file names, no labels"
    licence = "yours"
    paper = "-"
    visible_names: ClassVar[tuple[str, ...]] = VISIBLE_NAMES
    infrared_names: ClassVar[tuple[str, ...]] = INFRARED_NAMES
    expected = (
        "  visible/NAME.png and infrared/NAME.png            (all pairs are test), or\n"
        "  {train,val,test}/visible/NAME.png and .../infrared/NAME.png, or\n"
        "  visible/{train,val,test}/NAME.png and infrared/{train,val,test}/NAME.png\n"
        f"  visible may be called {', '.join(VISIBLE_NAMES)};\n"
        f"  infrared {', '.join(INFRARED_NAMES)}; case does not matter"
    )

    def folders(self, split: str) -> tuple[Path, Path]:
        """See `SurveyedLayout.folders`: split above modality, modality above split, or flat."""
        wanted = ("train",) if split == "val" and not self._has_val() else (split,)
        parent = find_dir(self.root, wanted)
        if parent is not None:
            return require_dir(self, parent, self.visible_names), require_dir(self, parent, self.infrared_names)
        visible = require_dir(self, self.root, self.visible_names)
        infrared = require_dir(self, self.root, self.infrared_names)
        if not self._is_flat():
            return require_dir(self, visible, wanted), require_dir(self, infrared, wanted)
        if split != "test" and read_lists(self.root) is None:
            raise DatasetError(
                f"{self.name}: {self.root} has no splits, so all its pairs are test and none are {split}. "
                f"Own splits: {self.root / LIST_FOLDER}/{{train,val,test}}.txt, one id a line."
            )
        return visible, infrared

    def _has_val(self) -> bool:
        visible = find_dir(self.root, self.visible_names)
        return find_dir(self.root, ("val",)) is not None or (visible is not None and (visible / "val").is_dir())

    def _is_flat(self) -> bool:
        visible = find_dir(self.root, self.visible_names)
        return visible is not None and not any(find_dir(p, (s,)) for p in (self.root, visible) for s in SPLITS)

    def facts(self, split: str, task: Task) -> Mapping[str, str]:
        """How validation was made, where there is one."""
        return {} if self._is_flat() and read_lists(self.root) is None else super().facts(split, task)
