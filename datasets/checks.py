"""Checks that open every file of a dataset: readable, equal in size, labels that fit, counts of the official release.

Loading a dataset checks names and labels only, since it must be quick; this is the slow and complete look.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Mapping
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from datasets.base import SPLITS, Boxes, Labels, MaskPath, Sample
from datasets.images import read_pair_levels
from datasets.layout import share_range
from datasets.layouts.survey import SurveyedLayout
from datasets.masks import VOID_ID, ColourMaskError, read_labels
from datasets.problems import USABLE, Problem, Remark
from datasets.reading import SAME_SIZE
from datasets.remarks import remark_on_pair
from datasets.resizing import explain_sizes
from suite.errors import BenchError, DatasetError, ImageError
from suite.progress import Track

LOSSY_SUFFIXES = (".jpg", ".jpeg", ".webp")
Findings = list[Problem | Remark]

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
    remarks: tuple[Remark, ...] = ()
    """What explains odd scores later, and may be meant so."""


@dataclass(frozen=True, kw_only=True)
class CheckReport:
    """The outcome of checking a dataset for one task."""

    dataset: str
    task: Labels
    parts: tuple[CheckedPart, ...]
    facts: Mapping[str, str]
    general_problems: tuple[Problem, ...]
    """Problems of no single part: missing folders, counts."""

    @property
    def problems(self) -> tuple[Problem, ...]:
        """Every problem, each once."""
        return tuple(dict.fromkeys((*self.general_problems, *(f for part in self.parts for f in part.problems))))

    @property
    def remarks(self) -> tuple[Remark, ...]:
        """Every remark, each once."""
        return tuple(dict.fromkeys(remark for part in self.parts for remark in part.remarks))


def check_dataset(
    layout: SurveyedLayout,
    task: Labels,
    *,
    subset: bool = False,
    workers: int = 1,
    progress: Track[Findings] | None = None,
) -> CheckReport:
    """Open every file of a dataset and collect what is wrong.

    Args:
        layout: The dataset on disk.
        task: Whose labels to check.
        subset: It is known to be a part of the official release: counts and absent splits are no problem.
        workers: Threads that read images.
        progress: Shown over the pairs of each part.

    Raises:
        DatasetError: the root does not exist, holds no split of this dataset, or no pair at all.
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
    if not any(part.num_pairs or part.problems for part in parts):
        raise DatasetError(f"{layout.name}: no pairs under {layout.root}. Expected:\n{layout.expected}")
    general = [] if subset else _judge_missing(layout, missing) + _judge_counts(layout, parts)
    return CheckReport(
        dataset=layout.name,
        task=task,
        parts=tuple(parts),
        facts=_collect_facts(layout, task),
        general_problems=tuple(general),
    )


def check_pair(
    sample: Sample, classes: tuple[str, ...], suffixes: tuple[str, ...] = (), ignore_index: int | None = None
) -> Findings:
    """What opening the files of one pair shows, by the rules under which it is read later.

    Args:
        sample: The pair with its label.
        classes: Class names; a mask's ids must lie below their number.
        suffixes: File suffixes of the official release; empty where any will do.
        ignore_index: An id of masks that stands for no class, and may lie above all of them.
    """
    found: Findings = []
    for path in (sample.visible, sample.infrared):
        if suffixes and path.suffix.lower() not in suffixes:
            detail = f"{path} is not {' or '.join(suffixes)} as in the official release"
            found.append(Problem(kind="image format", id=sample.id, detail=detail))
    try:
        if sample.reading.channels != "rgbt" and sample.visible.samefile(sample.infrared):
            detail = f"{sample.visible} is both the visible and the infrared image"
            return [*found, Problem(kind="one source twice", id=sample.id, detail=detail)]
        visible, infrared = read_pair_levels(sample.visible, sample.infrared, sample.reading)
    except (ImageError, OSError) as error:
        return [*found, Problem(kind="unreadable image", id=sample.id, detail=str(error))]
    size = visible.shape[0], visible.shape[1]
    if visible.shape[:2] != infrared.shape[:2]:
        detail = explain_sizes(size, sample.infrared, infrared.shape[:2])
        found.append(Problem(kind="size mismatch", id=sample.id, detail=detail))
    if isinstance(sample.target, Boxes):
        found += _check_boxes(sample, sample.target, size)
    elif isinstance(sample.target, MaskPath):
        found += check_mask(sample.id, sample.target, classes, size, ignore_index)
    return [*found, *remark_on_pair(sample, visible, infrared)]


def check_mask(
    sample_id: str, target: MaskPath, classes: tuple[str, ...], size: tuple[int, int], ignore_index: int | None = None
) -> list[Problem]:
    """What is wrong with a mask: unreadable, colour-coded, of another size than its image, ids that are no class."""
    path = target.path
    try:
        mask = read_labels(path)
        if target.evidence is not None:
            read_labels(target.evidence)
    except ColourMaskError as error:
        return [Problem(kind="mask colours", id=sample_id, detail=str(error))]
    except ImageError as error:
        return [Problem(kind="unreadable label", id=sample_id, detail=str(error))]
    problems = []
    found = (mask.shape[0], mask.shape[1])
    if found != size:
        detail = f"mask {path} is {_show(found)} (HxW), its image {_show(size)}"
        problems.append(Problem(kind="mask size", id=sample_id, detail=detail))
    ids = [int(value) for value in np.unique(mask)]
    unknown = [value for value in ids if value >= len(classes) and value not in (ignore_index, VOID_ID)]
    if unknown:
        shown = ", ".join(map(str, unknown[:10])) + (f" and {len(unknown) - 10} more" if len(unknown) > 10 else "")
        detail = f"mask {path} holds the ids {shown}; known are 0 to {len(classes) - 1}"
        problems.append(Problem(kind="mask ids", id=sample_id, detail=detail))
    return problems


def _check_boxes(sample: Sample, boxes: Boxes, size: tuple[int, int]) -> list[Problem]:
    # A label states the size of its image itself; only here the real one is known.
    problems = []
    if boxes.stated_size not in (None, size) and sample.reading.resize == SAME_SIZE:
        assert boxes.stated_size is not None
        detail = f"its label is for an image of {_show(boxes.stated_size)} (HxW), this one is {_show(size)}"
        problems.append(Problem(kind="label size", id=sample.id, detail=detail))
    for number, corners in enumerate(boxes.xyxy, start=1):
        if corners[2] > size[1] or corners[3] > size[0]:
            shown = ", ".join(f"{value:g}" for value in corners)
            detail = f"box {number}: ({shown}) reaches outside the image, which is {_show(size)} (HxW)"
            problems.append(Problem(kind="box outside", id=sample.id, detail=detail))
    if boxes.num_repeated:
        detail = f"{boxes.num_repeated} of {boxes.num_repeated + len(boxes)} boxes equal an earlier one of the file"
        problems.append(Problem(kind="repeated box", id=sample.id, detail=detail))
    return problems


def _show(size: tuple[int, int]) -> str:
    return f"{size[0]}x{size[1]}"


def _check_part(
    layout: SurveyedLayout, splits: tuple[str, ...], task: Labels, workers: int, progress: Track[Findings] | None
) -> CheckedPart:
    survey, classes = layout.survey_folders(splits[0], task), layout.classes_for(task)
    said = layout.compare_class_lists(splits[0], task)
    problems = [*survey.problems, *(one for one in said if isinstance(one, Problem))]
    remarks = [one for one in said if isinstance(one, Remark)]
    ignored = layout.ignore_index_for(task)
    samples = share_range(survey.samples, layout.options)
    with ThreadPoolExecutor(max_workers=max(1, workers)) as pool:
        results: Iterable[Findings] = pool.map(lambda s: check_pair(s, classes, layout.suffixes, ignored), samples)
        for found in progress(results, len(samples)) if progress else results:
            problems += [one for one in found if isinstance(one, Problem)]
            remarks += [one for one in found if isinstance(one, Remark)]
    if not layout.suffixes:
        problems += _mixed_formats(survey.samples)
    bad = {problem.id for problem in problems if problem.kind not in USABLE}
    targets = [sample.target for sample in survey.samples]
    return CheckedPart(
        splits=splits,
        num_pairs=survey.num_pairs,
        num_labels=sum(len(t) if isinstance(t, Boxes) else 1 for t in targets if t is not None),
        samples=tuple(sample for sample in survey.samples if sample.id not in bad),
        problems=tuple(problems),
        remarks=tuple(remarks),
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


def _collect_facts(layout: SurveyedLayout, task: Labels) -> Mapping[str, str]:
    facts: dict[str, str] = {}
    for split in SPLITS:
        try:
            facts.update({**layout.facts(split, task), **facts})
        except BenchError:
            continue  # an absent split or an unreadable label, which is among the problems already
    return facts
