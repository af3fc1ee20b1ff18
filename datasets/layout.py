"""What every dataset says about itself, and how a split of it is loaded; one class per dataset derives from it."""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Mapping, Sequence
from dataclasses import replace
from os import PathLike
from pathlib import Path
from typing import ClassVar

from datasets.base import SPLITS, Boxes, Labels, PairedDataset, Sample, place_of
from datasets.reading import PLAIN, PairOptions, Reading
from suite.errors import DatasetError, SettingsError


class Layout(ABC):
    """How one dataset lies on disk; the class attributes state its facts."""

    name: ClassVar[str]
    title: ClassVar[str]
    """One line: what it shows, how many pairs, which labels."""
    licence: ClassVar[str]
    paper: ClassVar[str]
    tasks: ClassVar[tuple[Labels, ...]] = ("quality",)
    classes: ClassVar[tuple[str, ...]] = ()
    ignore_index: ClassVar[int | None] = None
    official_counts: ClassVar[Mapping[str, int]] = {}
    """Pairs per split of the complete official release, before validation is carved from train."""
    expected: ClassVar[str] = ""
    """The folder structure, as an error message shows it."""

    def __init__(self, root: str | PathLike[str], options: PairOptions = PLAIN) -> None:
        self.root = Path(root)
        self.options = options

    @property
    def reading(self) -> Reading:
        """How each pair is read."""
        return self.options.reading

    @abstractmethod
    def scan(self, split: str, task: Labels) -> list[Sample]:
        """The samples of "train", "val" or "test" in order of their ids; labels are parsed, no image is opened.

        Validation is carved from train, never from test.

        Raises:
            DatasetError: the layout is not there, a pair is incomplete, or a label is unusable; lists the offenders.
        """

    def facts(self, split: str, task: Labels) -> Mapping[str, str]:
        """What a reader of results on this split must know."""
        return {}

    def tasks_here(self) -> tuple[Labels, ...]:
        """The tasks whose labels are there; all that the dataset serves, unless it depends on the folder."""
        return self.tasks

    @property
    def place(self) -> str:
        """The dataset as commands take it; see `place_of`."""
        return place_of(self.name, self.root, self.options)

    def ignore_index_for(self, task: Labels) -> int | None:
        """The class id that a task leaves out by default, or None."""
        return self.ignore_index

    def classes_for(self, task: Labels) -> tuple[str, ...]:
        """The class names of the labels of a task; the same for all tasks, unless a dataset says otherwise."""
        return self.classes

    def load(self, split: str, task: Labels) -> PairedDataset:
        """`scan` as a dataset.

        Raises:
            DatasetError: see `scan`; also an empty split, or a root that does not exist.
            SettingsError: the split or the task does not exist for this dataset.
        """
        if split not in SPLITS:
            raise SettingsError(f"split must be one of {', '.join(SPLITS)}, got {split!r}")
        if task not in self.tasks:
            raise SettingsError(f"{self.name} has no labels for the task {task!r}; it serves: {', '.join(self.tasks)}.")
        if not self.root.is_dir():
            raise DatasetError(
                f"{self.name}: no folder {self.root}. Pass --root DIR, the folder that holds:\n{self.expected}"
            )
        samples = self.scan(split, task)
        if not samples:
            raise DatasetError(f"{self.name}: no {split} pairs under {self.root}. Expected:\n{self.expected}")
        samples = share_range(samples, self.options)
        return PairedDataset(
            name=self.name,
            split=split,
            task=task,
            classes=self.classes_for(task),
            root=self.root,
            samples=tuple(samples),
            ignore_index=self.ignore_index_for(task),
            options=self.options,
            facts={**self.facts(split, task), **self._reading_facts(samples)},
        )

    def _reading_facts(self, samples: Sequence[Sample]) -> Mapping[str, str]:
        found = {}
        if subsets := describe_subsets(samples):
            found["subsets"] = subsets
        if self.options.describe():
            found["reading"] = self.options.describe()
            if self.options.range_over == "set":
                reading = samples[0].reading
                found["reading"] += f" (visible {reading.visible_range}, infrared {reading.infrared_range})"
        boxes = [sample.target for sample in samples if isinstance(sample.target, Boxes)]
        repeated = [one.num_repeated for one in boxes if one.num_repeated]
        if repeated:
            found["repeated boxes"] = f"{sum(repeated)} in {len(repeated)} label files; each box is counted once"
        left_out = sum(one.num_left_out for one in boxes)
        if left_out:
            found["left out"] = f"{left_out} objects of classes that are not counted here, or crowds"
        polygons = sum(one.num_polygons for one in boxes)
        if polygons:
            found["polygons"] = f"{polygons} objects are outlined by polygons; their bounding boxes are used"
        return found


def describe_subsets(samples: Sequence[Sample]) -> str:
    """How many pairs each subset has here; empty where there are no subsets."""
    names = sorted({name for sample in samples for name in sample.subsets})
    counts = [f"{name} {sum(name in sample.subsets for sample in samples)}" for name in names]
    return f"{', '.join(counts)} of {len(samples)} pairs" if counts else ""


def share_range(samples: Sequence[Sample], options: PairOptions) -> list[Sample]:
    """The samples with one range of levels for all of them, where the options ask for it.

    Raises:
        ImageError: a file cannot be read.
    """
    if options.range_over == "image" or not samples:
        return list(samples)
    from datasets.set_range import find_set_range

    rules = options.reading
    reading = replace(
        rules,
        visible_range=find_set_range([s.visible for s in samples], rules.visible_range, rules.channels, infrared=False),
        infrared_range=find_set_range(
            [s.infrared for s in samples], rules.infrared_range, rules.channels, infrared=True
        ),
    )
    return [replace(sample, reading=reading) for sample in samples]
