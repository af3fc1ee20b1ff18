"""Checks that open every file of a dataset: readable, equal in size, labels that fit, counts of the official release.

Loading a dataset checks names and labels only, since it must be quick; this is the slow and complete look.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Iterable, Mapping
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from datasets.base import SPLITS, Boxes, MaskPath, Sample, Task
from datasets.images import ColourMaskError, read_array, read_labels
from datasets.layouts.survey import SurveyedLayout
from datasets.problems import Problem, ProblemKind
from suite.errors import BenchError, DatasetError, ImageError

LOSSY_SUFFIXES = (".jpg", ".jpeg")
USABLE: tuple[ProblemKind, ...] = ("count", "image format", "label without image")
"""Problems that no pair need be left out for."""

Progress = Callable[[Iterable[list[Problem]], int], Iterable[list[Problem]]]
"""Wraps the checks of `int` pairs, for example in a progress bar."""


@dataclass(frozen=True, kw_only=True)
class CheckedPart:
    """What lies in the same folders; where validation is carved from train, both splits are one part."""

    splits: tuple[str, ...]
    """The splits that lie in these folders."""
    num_pairs: int
    num_labels: int
    """Boxes for detection, masks for segmentation."""
    samples: tuple[Sample, ...]
    """The sound pairs in order of their ids."""
    problems: tuple[Problem, ...]


@dataclass(frozen=True, kw_only=True)
class CheckReport:
    """The outcome of checking a dataset for one task."""

    dataset: str
    task: Task
    parts: tuple[CheckedPart, ...]
    facts: Mapping[str, str]
    general_problems: tuple[Problem, ...]
    """Problems of no single part: missing folders, counts."""

    @property
    def problems(self) -> tuple[Problem, ...]:
        """Every problem, each once."""
        return tuple(dict.fromkeys((*self.general_problems, *(f for part in self.parts for f in part.problems))))


def check_dataset(
    layout: SurveyedLayout, task: Task, *, subset: bool = False, workers: int = 1, progress: Progress | None = None
) -> CheckReport:
    """Open every file of a dataset and collect what is wrong.

    Args:
        layout: The dataset on disk.
        task: Whose labels to check.
        subset: It is known to be a part of the official release: counts and absent splits are no problem.
        workers: Threads that read images.
        progress: Shown over the pairs of each part.

    Raises:
        DatasetError: the root does not exist, or holds no split of this dataset.
    """
    if not layout.root.is_dir():
        raise DatasetError(
            f"{layout.name}: no folder {layout.root}. Pass --root DIR, the folder that holds:\n{layout.expected}"
        )
    splits_at: dict[tuple[tuple[str, tuple[Path, Path]], ...], list[str]] = {}
    missing: dict[str, DatasetError] = {}
    for split in SPLITS:
        try:
            splits_at.setdefault(tuple(layout.folder_pairs(split).items()), []).append(split)
        except DatasetError as error:
            missing[split] = error
    if not splits_at:
        raise missing["test"]
    parts = [_check_part(layout, tuple(splits), task, workers, progress) for splits in splits_at.values()]
    general = [] if subset else _judge_missing(layout, missing) + _judge_counts(layout, parts)
    return CheckReport(
        dataset=layout.name,
        task=task,
        parts=tuple(parts),
        facts=_collect_facts(layout, task),
        general_problems=tuple(general),
    )


def check_pair(sample: Sample, classes: tuple[str, ...], suffixes: tuple[str, ...] = ()) -> list[Problem]:
    """What opening the files of one pair shows.

    Args:
        sample: The pair with its label.
        classes: Class names; a mask's ids must lie below their number.
        suffixes: File suffixes of the official release; empty where any will do.
    """
    problems: list[Problem] = []
    sizes: list[tuple[int, int]] = []
    for path in (sample.visible, sample.infrared):
        if suffixes and path.suffix.lower() not in suffixes:
            detail = f"{path} is not {' or '.join(suffixes)} as in the official release"
            problems.append(Problem(kind="image format", id=sample.id, detail=detail))
        try:
            height, width = read_array(path).shape[:2]
            sizes.append((height, width))
        except ImageError as error:
            problems.append(Problem(kind="unreadable image", id=sample.id, detail=str(error)))
    if len(sizes) < 2:
        return problems
    if sizes[0] != sizes[1]:
        detail = f"visible is {_show(sizes[0])} (HxW), infrared {_show(sizes[1])}"
        problems.append(Problem(kind="size mismatch", id=sample.id, detail=detail))
    if isinstance(sample.target, Boxes):
        problems += _check_boxes(sample.id, sample.target, sizes[0])
    elif isinstance(sample.target, MaskPath):
        problems += check_mask(sample.id, sample.target.path, classes, sizes[0])
    return problems


def check_mask(sample_id: str, path: Path, classes: tuple[str, ...], size: tuple[int, int]) -> list[Problem]:
    """What is wrong with a mask: unreadable, colour-coded, of another size than its image, ids that are no class."""
    try:
        mask = read_labels(path)
    except ColourMaskError as error:
        return [Problem(kind="mask colours", id=sample_id, detail=str(error))]
    except ImageError as error:
        return [Problem(kind="unreadable label", id=sample_id, detail=str(error))]
    problems = []
    found = (mask.shape[0], mask.shape[1])
    if found != size:
        detail = f"mask {path} is {_show(found)} (HxW), its image {_show(size)}"
        problems.append(Problem(kind="mask size", id=sample_id, detail=detail))
    unknown = [int(value) for value in np.unique(mask) if value >= len(classes)]
    if unknown:
        shown = ", ".join(map(str, unknown[:10])) + (" ..." if len(unknown) > 10 else "")
        detail = f"mask {path} holds the ids {shown}; known are 0 to {len(classes) - 1}"
        problems.append(Problem(kind="mask ids", id=sample_id, detail=detail))
    return problems


def _check_boxes(sample_id: str, boxes: Boxes, size: tuple[int, int]) -> list[Problem]:
    # A label states the size of its image itself; only here the real one is known.
    problems = []
    for number, corners in enumerate(boxes.xyxy, start=1):
        if corners[2] > size[1] or corners[3] > size[0]:
            shown = ", ".join(f"{value:g}" for value in corners)
            detail = f"box {number}: ({shown}) reaches outside the image, which is {_show(size)} (HxW)"
            problems.append(Problem(kind="box outside", id=sample_id, detail=detail))
    return problems


def _show(size: tuple[int, int]) -> str:
    return f"{size[0]}x{size[1]}"


def _check_part(
    layout: SurveyedLayout, splits: tuple[str, ...], task: Task, workers: int, progress: Progress | None
) -> CheckedPart:
    survey, classes, suffixes = layout.survey_folders(splits[0], task), layout.classes_for(task), layout.suffixes
    problems = list(survey.problems)
    with ThreadPoolExecutor(max_workers=max(1, workers)) as pool:
        results: Iterable[list[Problem]] = pool.map(lambda s: check_pair(s, classes, suffixes), survey.samples)
        for found in progress(results, len(survey.samples)) if progress else results:
            problems += found
    if not suffixes:
        problems += _mixed_formats(survey.samples)
    bad = {problem.id for problem in problems if problem.kind not in USABLE}
    targets = [sample.target for sample in survey.samples]
    return CheckedPart(
        splits=splits,
        num_pairs=survey.num_pairs,
        num_labels=sum(len(t) if isinstance(t, Boxes) else 1 for t in targets if t is not None),
        samples=tuple(sample for sample in survey.samples if sample.id not in bad),
        problems=tuple(problems),
    )


def _mixed_formats(samples: Iterable[Sample]) -> list[Problem]:
    problems = []
    ordered = list(samples)
    for modality in ("visible", "infrared"):
        paths: list[tuple[str, Path]] = [(sample.id, getattr(sample, modality)) for sample in ordered]
        lossy = {path.suffix.lower() in LOSSY_SUFFIXES for _, path in paths}
        if len(lossy) < 2:
            continue
        usual, _ = Counter(path.suffix.lower() for _, path in paths).most_common(1)[0]
        for sample_id, path in paths:
            if (path.suffix.lower() in LOSSY_SUFFIXES) != (usual in LOSSY_SUFFIXES):
                detail = f"{path} among {modality} images that are {usual}: lossy and lossless files are mixed"
                problems.append(Problem(kind="image format", id=sample_id, detail=detail))
    return problems


def _judge_missing(layout: SurveyedLayout, missing: Mapping[str, DatasetError]) -> list[Problem]:
    return [
        Problem(kind="layout", id="", detail=f"no {split} pairs: {error}")
        for split, error in missing.items()
        if split in layout.official_counts
    ]


def _judge_counts(layout: SurveyedLayout, parts: Iterable[CheckedPart]) -> list[Problem]:
    found = Counter({part.splits[0]: part.num_pairs for part in parts})
    problems = []
    for name, official in layout.official_counts.items():
        # A val folder was taken out of train, since no dataset here has an official one.
        pairs = found.total() if name == "all" else found[name] + (found["val"] if name == "train" else 0)
        if pairs != official:
            detail = f"{name}: {pairs} pairs, the official release has {official}"
            problems.append(Problem(kind="count", id="", detail=detail))
    return problems


def _collect_facts(layout: SurveyedLayout, task: Task) -> Mapping[str, str]:
    facts: dict[str, str] = {}
    for split in SPLITS:
        try:
            facts.update({**layout.facts(split, task), **facts})
        except BenchError:
            continue  # an absent split or an unreadable label, which is among the problems already
    return facts
