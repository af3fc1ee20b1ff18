"""Anyone's pairs: two folders of equal names, or names that tell which modality they show; splits are optional."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import ClassVar

from datasets.base import SPLITS, Task
from datasets.layouts.modality_folders import (
    INFRARED_NAMES,
    VISIBLE_NAMES,
    find_modality,
    find_sequences,
)
from datasets.layouts.survey import SurveyedLayout, find_dir, require_dir
from datasets.marks import INFRARED_WORDS, VISIBLE_WORDS, find_marks
from datasets.names import Matched, list_images
from datasets.splits import LIST_FOLDER, read_lists
from suite.errors import DatasetError


class Folder(SurveyedLayout):
    """Pairs in two sub-folders, in sequences of such, or in one folder; other sub-folders are left alone."""

    name = "folder"
    title = "own pairs: two folders with the same file names, no labels"
    licence = "yours"
    paper = "-"
    deep = True
    recognises_marks = True
    prefix_is_sequence = True
    visible_names: ClassVar[tuple[str, ...]] = VISIBLE_NAMES
    infrared_names: ClassVar[tuple[str, ...]] = INFRARED_NAMES
    expected = (
        "  visible/NAME.png and infrared/NAME.png            (all pairs are test), or\n"
        "  {train,val,test}/visible/NAME.png and .../infrared/NAME.png, or\n"
        "  visible/{train,val,test}/NAME.png and infrared/{train,val,test}/NAME.png, or\n"
        "  SEQUENCE/visible/NAME.png and SEQUENCE/infrared/NAME.png, or\n"
        "  NAME_rgb.png and NAME_th.png in one folder\n"
        f"  visible may be called {', '.join(VISIBLE_NAMES)};\n"
        f"  infrared {', '.join(INFRARED_NAMES)}; case does not matter\n"
        "  Other names: --visible 'PATTERN' --infrared 'PATTERN', * for what both share"
    )

    def folders(self, split: str) -> tuple[Path, Path]:
        """See `SurveyedLayout.folders`: split above modality, modality above split, or flat."""
        wanted = ("train",) if split == "val" and not self._has_val() else (split,)
        parent = find_dir(self.root, wanted)
        if parent is not None:
            return self._modalities(parent)
        visible, infrared = self._modalities(self.root)
        if not self._is_flat():
            return require_dir(self, visible, wanted), require_dir(self, infrared, wanted)
        self._refuse_no_split(split)
        return visible, infrared

    def folder_pairs(self, split: str) -> Mapping[str, tuple[Path, Path]]:
        """See `SurveyedLayout.folder_pairs`: one pair of folders, or one for each sequence."""
        wanted = ("train",) if split == "val" and not self._has_val() else (split,)
        parent = find_dir(self.root, wanted) or self.root
        if self.options.visible or self._modality(parent, infrared=False) or not self._sequences_under(parent):
            return {"": self.folders(split)}
        if parent == self.root:
            self._refuse_no_split(split)
        return {f"{path.replace('/', '_')}_": both for path, both in self._sequences_under(parent).items()}

    def match(self, visible: Path, infrared: Path) -> Matched:
        """See `SurveyedLayout.match`; two modalities in one folder need names that tell them apart.

        Raises:
            DatasetError: they do not; says which option does.
        """
        found = super().match(visible, infrared)
        if visible == infrared and not self.options.visible and not (found.marks and found.marks.known):
            names = [path.stem for path in list_images(visible)]
            guess = found.marks or find_marks(names, names, same_folder=True)
            options = guess.options if guess else "--visible '*_rgb' --infrared '*_th'"
            raise DatasetError(
                f"{self.name}: {visible} holds images of both modalities, or of one only, and their names do not say "
                f"which is which. Say it: {options}. Or use two folders:\n{self.expected}"
            )
        return found

    def _modalities(self, parent: Path) -> tuple[Path, Path]:
        if self._names_paths():
            return parent, parent
        visible, infrared = self._modality(parent, infrared=False), self._modality(parent, infrared=True)
        if visible is None and infrared is None and parent.is_dir() and list_images(parent):
            return parent, parent
        return (
            visible or require_dir(self, parent, self.visible_names),
            infrared or require_dir(self, parent, self.infrared_names),
        )

    def _modality(self, parent: Path, *, infrared: bool) -> Path | None:
        if infrared:
            return find_modality(parent, self.infrared_names, INFRARED_WORDS, "--infrared")
        return find_modality(parent, self.visible_names, VISIBLE_WORDS, "--visible")

    def _sequences_under(self, parent: Path) -> Mapping[str, tuple[Path, Path]]:
        return {
            path: both
            for path, both in find_sequences(parent).items()
            if parent != self.root or path.split("/")[0].casefold() not in SPLITS
        }

    def _refuse_no_split(self, split: str) -> None:
        if split != "test" and read_lists(self.root) is None:
            raise DatasetError(
                f"{self.name}: {self.root} has no splits, so all its pairs are test and none are {split}. "
                f"Own splits: {self.root / LIST_FOLDER}/{{train,val,test}}.txt, one id a line."
            )

    def _names_paths(self) -> bool:
        # Patterns with a slash say themselves in which folders the modalities lie.
        return "/" in self.options.visible + self.options.infrared

    def _has_val(self) -> bool:
        visible = None if self._names_paths() else self._modality(self.root, infrared=False)
        return find_dir(self.root, ("val",)) is not None or (visible is not None and (visible / "val").is_dir())

    def _is_flat(self) -> bool:
        visible = None if self._names_paths() else self._modality(self.root, infrared=False)
        places = [self.root, *([visible] if visible else [])]
        return not any(find_dir(place, (split,)) for place in places for split in SPLITS)

    def facts(self, split: str, task: Task) -> Mapping[str, str]:
        """How names were read, and how validation was made, where there is one."""
        found = {} if self._is_flat() and read_lists(self.root) is None else dict(super().facts(split, task))
        marks = [self.match(*both).marks for both in self.folder_pairs(split).values()]
        if not self.options.visible and any(mark is not None and mark.known for mark in marks):
            found["names"] = "paired by their marks: " + ", ".join(sorted({m.options for m in marks if m}))
        return found
