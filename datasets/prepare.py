"""A clean copy of a dataset: the sound pairs only, in the dataset's own layout, with its splits written down.

Files are hard links where the target is on the same disk, so a copy costs no space; they keep every byte.
"""

from __future__ import annotations

import os
import shutil
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from datasets.base import SPLITS, Labels, MaskPath, Sample
from datasets.checks import CheckReport
from datasets.layouts.survey import SurveyedLayout
from datasets.problems import USABLE, raise_problems
from datasets.splits import write_list
from datasets.subsets import subset_files
from suite.errors import DatasetError
from suite.files import make_dir, write_file
from suite.progress import Track

"""Wraps the writing of `int` files, for example in a progress bar."""


@dataclass(frozen=True, kw_only=True)
class Prepared:
    """What a clean copy holds."""

    out: Path
    num_pairs: dict[str, int]
    """Pairs per split."""
    num_skipped: int
    """Pairs left out because of a problem."""
    num_written: int
    """Files written now; the others were there from an earlier run."""


def prepare_dataset(
    layout: SurveyedLayout,
    reports: Sequence[CheckReport],
    out: Path,
    *,
    skip_invalid: bool = False,
    copy: bool = False,
    progress: Track[Path] | None = None,
) -> Prepared:
    """Write the clean copy; a second run writes only what is missing.

    Args:
        layout: The dataset on disk.
        reports: Its checks, one for each task whose labels to write; pairs that are sound in all are written.
        out: The folder to write, outside the dataset.
        skip_invalid: Leave pairs with problems out instead of refusing.
        copy: Copy every file, also where a hard link would do.
        progress: Shown over the files.

    Raises:
        DatasetError: there are problems and `skip_invalid` is not set, or `out` lies in the dataset.
        WorkdirError: `out` cannot be written.
    """
    root = layout.root.resolve()
    if out.resolve().is_relative_to(root):
        raise DatasetError(f"--out {out} lies inside the dataset {layout.root}. Pass another folder.")
    blocking = [problem for report in reports for problem in report.problems if problem.kind not in USABLE]
    if not skip_invalid:
        raise_problems(layout.name, "all splits", list(dict.fromkeys(blocking)), place=layout.place)
    pairs = {split: _sound_ids(layout, reports, split) for split in SPLITS}
    files = dict.fromkeys((*layout.companions(), *subset_files(layout.root)))
    for report in reports:
        for split, ids in pairs.items():
            for sample in _part_of(report, split):
                if sample.id in ids:
                    files.update(dict.fromkeys(_files_of(layout, sample, report.task)))
    make_dir(out)
    num_written = 0
    for source in progress(files, len(files)) if progress else files:
        num_written += _place(source, out / source.relative_to(layout.root), copy=copy)
    for split, ids in pairs.items():
        if ids:
            write_list(out, split, sorted(ids))
    return Prepared(
        out=out,
        num_pairs={split: len(ids) for split, ids in pairs.items() if ids},
        num_skipped=sum(part.num_pairs for part in reports[0].parts) - sum(len(ids) for ids in _sound(reports)),
        num_written=num_written,
    )


def _sound(reports: Sequence[CheckReport]) -> list[set[str]]:
    # By part: the ids that are sound for every task.
    return [
        set.intersection(*({sample.id for sample in part.samples} for part in parts))
        for parts in zip(*(report.parts for report in reports), strict=True)
    ]


def _part_of(report: CheckReport, split: str) -> tuple[Sample, ...]:
    return next((part.samples for part in report.parts if split in part.splits), ())


def _sound_ids(layout: SurveyedLayout, reports: Sequence[CheckReport], split: str) -> frozenset[str]:
    # A split is decided over all pairs, sound or not, so that leaving one out moves no other.
    for part, sound in zip(reports[0].parts, _sound(reports), strict=True):
        if split in part.splits:
            survey = layout.survey_folders(split, "quality")
            return layout.members(split, [sample.id for sample in survey.samples]) & sound
    return frozenset()


def _files_of(layout: SurveyedLayout, sample: Sample, task: Labels) -> list[Path]:
    label = layout.label_path(sample, task)
    evidence = sample.target.evidence if isinstance(sample.target, MaskPath) else None
    return [path for path in (sample.visible, sample.infrared, label, evidence) if path is not None]


def _place(source: Path, target: Path, *, copy: bool) -> bool:
    wanted = source.stat()
    if target.is_file():
        found = target.stat()
        if (found.st_size, found.st_mtime_ns) == (wanted.st_size, wanted.st_mtime_ns):
            return False
    target.unlink(missing_ok=True)
    make_dir(target.parent)
    if not copy:
        try:
            os.link(source.resolve(), target)
        except OSError:
            pass  # another disk, or one without hard links: copied below
        else:
            return True
    with write_file(target) as temporary:
        shutil.copy2(source, temporary)
    return True
