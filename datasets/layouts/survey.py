"""Layouts of paired folders: the work that is the same for all of them, with every problem collected.

A dataset's own file says which folders hold a split, where a pair's label lies and what the scene of a pair is;
pairing by name, carving validation and gathering problems happen here.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from os import PathLike
from pathlib import Path
from typing import ClassVar

from datasets.base import SPLITS, Boxes, Labels, MaskPath, Sample
from datasets.class_lists import compare_class_list, find_class_list
from datasets.label_files import LabelFileError, read_label_text
from datasets.layout import Layout
from datasets.marks import find_marks
from datasets.names import Matched, Pair, list_images, match_pairs
from datasets.problems import Problem, Remark, raise_problems
from datasets.reading import PLAIN, PairOptions
from datasets.splits import BLOCK_LENGTH, LIST_FOLDER, VAL_FRACTION, carve_blocks, carve_groups, read_lists
from datasets.subsets import read_subsets, subsets_of
from suite.errors import DatasetError, list_offenders


@dataclass(frozen=True, kw_only=True)
class Survey:
    """What was found in one split: the samples that are sound, and the problems of those that are not."""

    samples: tuple[Sample, ...]
    problems: tuple[Problem, ...]
    num_pairs: int
    """Pairs of equal names, sound or not."""


class SurveyedLayout(Layout):
    """A layout of paired folders that reports every problem instead of stopping at the first."""

    prefix_is_sequence: ClassVar[bool] = False
    """Whether what an id begins with (see `folder_pairs`) names the sequence of the pair."""
    deep: ClassVar[bool] = False
    """Whether sub-folders of a modality's folder hold pairs too (sequences)."""
    recognises_marks: ClassVar[bool] = False
    """Whether names that differ by a mark of the field (`_rgb`, `_th`) are paired without being asked to."""
    own_validation: ClassVar[str] = "the dataset's own val folder"
    """Where validation comes from if it is not carved from train, as records say it."""
    suffixes: ClassVar[tuple[str, ...]] = ()
    """File suffixes of the official release; empty where any will do. Others load, but `check` names them."""

    def __init__(self, root: str | PathLike[str], options: PairOptions = PLAIN) -> None:
        super().__init__(root, options)
        self._sequences: dict[str, str] = {}

    def folders(self, split: str) -> tuple[Path, Path]:
        """The folders (visible, infrared) in which the pairs of a split lie; val lies in train where it is carved.

        A layout defines this, or `folder_pairs` where the pairs lie in several places.

        Raises:
            DatasetError: they are not there.
        """
        raise NotImplementedError(f"{type(self).__name__} defines neither folders nor folder_pairs")

    def folder_pairs(self, split: str) -> Mapping[str, tuple[Path, Path]]:
        """All folders (visible, infrared) of a split, by what their pairs' ids begin with so that no two are equal.

        Raises:
            DatasetError: one is not there.
        """
        return {"": self.folders(split)}

    def label_path(self, sample: Sample, task: Labels) -> Path | None:
        """Where the label of a pair should lie (it need not exist), or None where the task has no labels."""
        return None

    def read_label(self, path: Path, sample: Sample, task: Labels) -> tuple[Boxes | MaskPath | None, list[Problem]]:
        """The label in an existing file, or its problems; masks are not opened here."""
        return MaskPath(path=path), []

    def companions(self) -> tuple[Path, ...]:
        """Files of no single pair that a copy of the dataset needs."""
        return ()

    def stray_labels(self, split: str, task: Labels) -> list[Problem]:
        """Labels of no image."""
        return []

    def compare_class_lists(self, split: str, task: Labels) -> list[Problem | Remark]:
        """What a list of classes beside YOLO labels says against the classes of the dataset."""
        pairs, _ = self._match(split)
        if not pairs or task != "detect":
            return []
        sample = Sample(id=pairs[0].id, visible=pairs[0].visible, infrared=pairs[0].infrared)
        label = self.label_path(sample, task)
        if label is None or label.suffix != ".txt":
            return []
        path = find_class_list(label.parent, label.parent.parent, self.root)
        return compare_class_list(path, self.classes_for(task)) if path else []

    def survey_names(self, ids: Sequence[str]) -> list[Problem]:
        """Names that the layout cannot interpret."""
        return []

    def group_of(self, sample_id: str) -> str:
        """Scene, sequence or patient; "" where it is not known. By default the sub-folder in which a pair lies."""
        return self._sequences.get(sample_id, "")

    def stratum_of(self, sample_id: str) -> str:
        """Validation takes an equal share of each stratum, for example day and night."""
        return ""

    def scan(self, split: str, task: Labels) -> list[Sample]:
        """See `Layout.scan`."""
        found = self.survey(split, task)
        raise_problems(self.name, split, found.problems, place=self.place)
        return list(found.samples)

    def survey(self, split: str, task: Labels) -> Survey:
        """The samples of a split and everything wrong with its names and labels, in order of their ids.

        Raises:
            DatasetError: the folders are not there at all.
        """
        return self._survey(split, task, whole=False)

    def survey_folders(self, split: str, task: Labels) -> Survey:
        """`survey` of all pairs in the folders of a split, whichever split they belong to or are left out of."""
        return self._survey(split, task, whole=True)

    def _survey(self, split: str, task: Labels, *, whole: bool) -> Survey:
        pairs, problems = self._match(split)
        ids = [pair.id for pair in pairs]
        problems += self.survey_names(ids)
        members = frozenset(ids) if whole else self.members(split, ids)
        subsets = subsets_of(read_subsets(self.root), sorted(members), f"{self.name}/{split}")
        samples = []
        for pair in pairs:
            if pair.id in members:
                sample = Sample(
                    id=pair.id,
                    visible=pair.visible,
                    infrared=pair.infrared,
                    group=self.group_of(pair.id),
                    reading=self.reading,
                    subsets=subsets[pair.id],
                )
                labelled, wrong = self._label(sample, task)
                problems += wrong
                if not wrong:
                    samples.append(labelled)
        problems += self.stray_labels(split, task)
        return Survey(samples=tuple(samples), problems=tuple(problems), num_pairs=len(members))

    def _match(self, split: str) -> tuple[list[Pair], list[Problem]]:
        pairs: list[Pair] = []
        problems: list[Problem] = []
        for prefix, (visible, infrared) in self.folder_pairs(split).items():
            found = self.match(visible, infrared)
            sequence = prefix.rstrip("_") if self.prefix_is_sequence else ""
            pairs += [replace(pair, id=prefix + pair.id, sequence=sequence or pair.sequence) for pair in found.pairs]
            problems += [replace(problem, id=prefix + problem.id) for problem in found.problems]
        self._sequences.update({pair.id: pair.sequence for pair in pairs})
        return sorted(pairs, key=lambda pair: pair.id), problems

    def match(self, visible: Path, infrared: Path) -> Matched:
        """The pairs of two folders by the rules of this layout and what the user said about names.

        Raises:
            DatasetError: a folder is missing.
        """
        for folder in (visible, infrared):
            if not folder.is_dir():
                raise DatasetError(f"{self.name}: no folder {folder}.")
        patterns = (self.options.visible, self.options.infrared) if self.options.visible else None
        found = match_pairs(visible, infrared, patterns=patterns, deep=self.deep, recognise=self.recognises_marks)
        one_folder = visible.resolve() == infrared.resolve() and self.reading.channels != "rgbt"
        if one_folder and not patterns and not (found.marks and found.marks.known):
            names = [path.stem for path in list_images(visible)]
            guess = found.marks or find_marks(names, names, same_folder=True)
            options = guess.options if guess else "--visible '*_rgb' --infrared '*_th'"
            raise DatasetError(
                f"{self.name}: {visible} holds images of both modalities, or of one only, and their names do not say "
                f"which is which. Say it: {options}. Or use two folders:\n{self.expected}"
            )
        return found

    def _label(self, sample: Sample, task: Labels) -> tuple[Sample, list[Problem]]:
        path = self.label_path(sample, task)
        if path is None:
            return sample, []
        if not path.is_file():
            return sample, [Problem(kind="image without label", id=sample.id, detail=f"no label {path}")]
        target, problems = self.read_label(path, sample, task)
        return replace(sample, target=target), problems

    def members(self, split: str, ids: Sequence[str]) -> frozenset[str]:
        """Which of the ids in the folders of a split belong to it.

        By `splits/*.txt` where they exist, else by the dataset's own lists; validation without a list is carved.
        """
        listed = self.listed_members(split, ids)
        if listed is not None:
            return listed
        used = self.used(split, ids)
        if split == "test" or not self.carves_validation():
            return used
        carved = self.carve(sorted(used))
        return carved if split == "val" else used - carved

    def used(self, split: str, ids: Sequence[str]) -> frozenset[str]:
        """Those of the ids that the dataset's own lists name for a split, for val where it is carved for train; all."""
        return frozenset(ids)

    def listed_members(self, split: str, ids: Sequence[str]) -> frozenset[str] | None:
        """The ids of the split by `splits/*.txt`, or None where there are no lists.

        Raises:
            DatasetError: a pair is listed in two splits.
        """
        lists = read_lists(self.root)
        if lists is None:
            return None
        mine = lists[split] & frozenset(ids)
        if lists[split] and ids and not mine:
            examples = f"{sorted(lists[split])[0]!r}, the pairs are called like {sorted(ids)[0]!r}"
            raise DatasetError(
                f"{self.name}: none of the {len(lists[split])} names in {LIST_FOLDER}/{split}.txt is a pair: it lists "
                f"{examples}."
            )
        for other in (name for name in SPLITS if name != split):
            # The same name in the folders of another split is another pair.
            twice = sorted(mine & lists[other]) if self._share_folders(split, other) else []
            if twice:
                raise DatasetError(
                    f"{self.name}: {len(twice)} pairs are listed in both {LIST_FOLDER}/{split}.txt and {other}.txt; "
                    f"a pair belongs to one split.\n{list_offenders(twice)}"
                )
        return mine

    def _share_folders(self, split: str, other: str) -> bool:
        try:
            return self.folder_pairs(split) == self.folder_pairs(other)
        except DatasetError:
            return False

    def read_names(self, path: Path) -> frozenset[str]:
        """The lines of one of the dataset's own lists.

        Raises:
            DatasetError: it cannot be read.
        """
        try:
            lines = read_label_text(path).splitlines()
        except LabelFileError as error:
            raise DatasetError(f"{self.name}: {path} {error}. Expected:\n{self.expected}") from error
        return frozenset(line.strip() for line in lines if line.strip())

    def carves_validation(self) -> bool:
        """Whether train and val lie in the same folders, so that val is carved from train."""
        return self._share_folders("train", "val")

    def carve(self, ids: Sequence[str]) -> frozenset[str]:
        """The ids that validation takes from train: whole groups where there are several, else contiguous blocks."""
        if len({self.group_of(i) for i in ids}) > 1:
            return carve_groups(ids, self.group_of)
        strata = sorted({self.stratum_of(i) for i in ids})
        return frozenset().union(*(carve_blocks([i for i in ids if self.stratum_of(i) == s]) for s in strata))

    def facts(self, split: str, task: Labels) -> Mapping[str, str]:
        """How validation was made, for train and val."""
        return {} if split == "test" else {"validation": self._describe_validation()}

    def _describe_validation(self) -> str:
        if read_lists(self.root) is not None:
            return f"as listed in {LIST_FOLDER}/*.txt"
        if not self.carves_validation():
            return self.own_validation
        ids = sorted(self.used("train", [pair.id for pair in self._match("train")[0]]))
        carved = self.carve(ids)
        groups = sorted({self.group_of(i) for i in ids})
        share = f"{len(carved)} of {len(ids)} train pairs"
        if len(groups) > 1:
            return f"{share}, whole groups {', '.join(sorted({self.group_of(i) for i in carved}))} of {len(groups)}"
        strata = ", ".join(sorted({self.stratum_of(i) for i in ids} - {""}))
        evenly = f", evenly over {strata}" if strata else ""
        one = f"; one group only ({groups[0]}), so neighbouring frames remain alike" if groups and groups[0] else ""
        return f"{share} ({VAL_FRACTION:.0%}), evenly spaced contiguous blocks of about {BLOCK_LENGTH}{evenly}{one}"
