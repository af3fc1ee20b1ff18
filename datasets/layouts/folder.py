"""Anyone's pairs: two folders of equal names, or names that tell which modality they show; splits are optional."""

from __future__ import annotations

from collections.abc import Mapping
from os import PathLike
from pathlib import Path
from typing import ClassVar

from datasets.annotations import read_boxes
from datasets.base import SPLITS, Boxes, Labels, MaskPath, Sample
from datasets.class_lists import CLASS_LISTS
from datasets.layouts.folders import find_dir, require_dir, stray_labels
from datasets.layouts.modality_folders import (
    INFRARED_NAMES,
    VISIBLE_NAMES,
    find_modality,
    find_sequences,
)
from datasets.layouts.own_labels import BOX_FOLDERS, DATA_FILES, find_classes, find_label, has_labels
from datasets.layouts.survey import SurveyedLayout
from datasets.marks import INFRARED_WORDS, VISIBLE_WORDS
from datasets.names import list_images
from datasets.problems import Problem, Remark
from datasets.reading import PLAIN, PairOptions
from datasets.splits import LIST_FOLDER, read_lists
from suite.errors import DatasetError


class Folder(SurveyedLayout):
    """Pairs in two sub-folders, in sequences of such, or in one folder; other sub-folders are left alone."""

    name = "folder"
    title = "own pairs: two folders with the same file names; own boxes or masks, where there are any"
    tasks: ClassVar[tuple[Labels, ...]] = ("quality", "detect", "segment")
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
        "  Other names: --visible 'PATTERN' --infrared 'PATTERN', * for what both share\n"
        "  labels/NAME.txt (YOLO), labels/NAME.xml (VOC) or one COCO .json: boxes; masks/NAME.png: class ids;\n"
        "  classes from data.yaml, classes.txt (one name a line), the .json or the .xml files"
    )

    def __init__(self, root: str | PathLike[str], options: PairOptions = PLAIN) -> None:
        super().__init__(root, options)
        # Found once per reader: every pair is asked for its label several times.
        self._classes: dict[Labels, tuple[str, ...]] = {}
        self._found_labels: dict[tuple[Path, Labels], Path | None] = {}
        self._pairs: list[Sample] | None = None

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

    def tasks_here(self) -> tuple[Labels, ...]:
        """Quality, and the tasks that some pair has a label for."""
        pairs = self._all_pairs()
        return tuple(task for task in self.tasks if task == "quality" or has_labels(self.root, pairs, task))

    def classes_for(self, task: Labels) -> tuple[str, ...]:
        """The names that the folder gives its classes; none without labels.

        Raises:
            DatasetError: there are labels, and nothing names their classes.
        """
        if task == "quality":
            return ()
        if task not in self._classes:
            found = (self._find_label(sample, task) for sample in self._all_pairs() if not self.classes)
            labels = [path for path in found if path is not None and path.exists()]
            self._classes[task] = find_classes(self.root, labels) if labels else self.classes
        return self._classes[task]

    def label_path(self, sample: Sample, task: Labels) -> Path | None:
        """See `datasets.layouts.own_labels`.

        Raises:
            DatasetError: the folder holds no labels of that task.
        """
        if task == "quality":
            return None
        path = self._find_label(sample, task)
        if path is None:
            where = "labels/NAME.txt, labels/NAME.xml or one COCO .json" if task == "detect" else "masks/NAME.png"
            raise DatasetError(
                f"{self.name}: {self.root} holds no labels for the task {task!r} (looked for {where}, beside the "
                "images or the folders of the modalities)."
            )
        return path

    def read_label(self, path: Path, sample: Sample, task: Labels) -> tuple[Boxes | MaskPath | None, list[Problem]]:
        """The boxes of one pair, or its mask."""
        if task == "segment":
            return MaskPath(path=path), []
        return read_boxes(path, self.classes_for(task), sample)

    def stray_labels(self, split: str, task: Labels) -> list[Problem]:
        """Labels of no image among the labels of this split."""
        if task == "quality":
            return []
        pairs = [Sample(id=pair.id, visible=pair.visible, infrared=pair.infrared) for pair in self._match(split)[0]]
        used = {path for sample in pairs if (path := self._find_label(sample, task)) is not None}
        other = {path for sample in self._all_pairs() if (path := self._find_label(sample, task)) is not None}
        suffixes = {path.suffix for path in used}
        there = {p for folder in {path.parent for path in used} for p in folder.iterdir() if p.suffix in suffixes}
        images = {path for sample in pairs for path in (sample.visible, sample.infrared)}
        return stray_labels(there - used - other - images, (), self.root) if suffixes != {".json"} else []

    def companions(self) -> tuple[Path, ...]:
        """The lists of class names."""
        names = (*DATA_FILES, *CLASS_LISTS)
        places = (self.root, *(folder for name in BOX_FOLDERS if (folder := find_dir(self.root, (name,)))))
        return tuple(dict.fromkeys(place / name for place in places for name in names if (place / name).is_file()))

    def compare_class_lists(self, split: str, task: Labels) -> list[Problem | Remark]:
        """Nothing: the list is where the classes come from."""
        return []

    def _all_pairs(self) -> list[Sample]:
        if self._pairs is not None:
            return self._pairs
        found: dict[Path, Sample] = {}
        for split in SPLITS:
            try:
                pairs = self._match(split)[0]
            except DatasetError:
                continue  # a split that is not there
            for pair in pairs:
                found[pair.visible] = Sample(id=pair.id, visible=pair.visible, infrared=pair.infrared)
        self._pairs = list(found.values())
        return self._pairs

    def _find_label(self, sample: Sample, task: Labels) -> Path | None:
        key = sample.visible, task
        if key not in self._found_labels:
            self._found_labels[key] = find_label(self.root, sample, task)
        return self._found_labels[key]

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

    def facts(self, split: str, task: Labels) -> Mapping[str, str]:
        """How names were read, and how validation was made, where there is one."""
        found = {} if self._is_flat() and read_lists(self.root) is None else dict(super().facts(split, task))
        marks = [self.match(*both).marks for both in self.folder_pairs(split).values()]
        if not self.options.visible and any(mark is not None and mark.known for mark in marks):
            found["names"] = "paired by their marks: " + ", ".join(sorted({m.options for m in marks if m}))
        return found
