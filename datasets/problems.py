"""What can be wrong with a dataset, named, so that loading, checking and preparing speak of it in the same words.

Problems are collected and reported together: whoever repairs a dataset wants the whole list, not its first line.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Literal

from suite.errors import DatasetError, list_offenders

ProblemKind = Literal[
    "layout",
    "count",
    "unpaired image",
    "duplicate id",
    "file name",
    "image format",
    "unreadable image",
    "size mismatch",
    "image without label",
    "label without image",
    "unreadable label",
    "repeated box",
    "box outside",
    "label size",
    "unknown class",
    "class order",
    "mask size",
    "mask colours",
    "mask ids",
    "one source twice",
]
RemarkKind = Literal[
    "constant image",
    "identical modalities",
    "small image",
    "false colours",
    "little contrast",
    "unregistered pair",
    "many boxes",
    "class names",
    "turned image",
]

REPAIRS: dict[ProblemKind, str] = {
    "layout": "Put the folders where `expected` shows them, or pass another --root",
    "count": "Download the missing part, or say that it is a part: --subset",
    "unpaired image": "Add the missing file",
    "duplicate id": "Remove one of the two files",
    "file name": "Rename the file; both halves of a pair and its label carry the same name",
    "image format": "Use the official files: a re-encoded copy does not give comparable numbers",
    "unreadable image": "Do what the message says, or copy the file again from its source",
    "size mismatch": "Pairs must be registered and of one size: fix the files, or state the size with --resize",
    "image without label": "Add the label (an empty one if nothing is there)",
    "label without image": "Add the image, or remove the label",
    "unreadable label": "Do what the message says, or copy the label again from its source",
    "repeated box": "Write each object once; until then each is counted once, and records say so",
    "box outside": "Correct the box",
    "label size": "Use images and labels of one release; boxes in pixels fit no image of another size",
    "unknown class": "Correct the class",
    "class order": "Bring the class numbers of the labels into the order of the dataset's classes",
    "mask size": "Use the masks of the same release as the images",
    "mask colours": "Use the folder of id masks, not their colour-coded copy",
    "mask ids": "Correct the ids",
    "one source twice": "Pass the folder of the infrared images",
}
"""What to do about each kind; one kind has one repair."""
ADVICE: dict[RemarkKind, str] = {
    "constant image": "An image of one value has no contrast: metrics that divide by it are undefined there (nan).",
    "identical modalities": "Visible and infrared show the same pixels: their fusion says nothing.",
    "small image": "Metrics with windows or scales are undefined on images that are smaller than these.",
    "false colours": "Infrared in false colours: its luma is no temperature. Use the grey original.",
    "little contrast": "Eight-bit levels in a narrow band: stretch them with --infrared-range percentile.",
    "unregistered pair": "The modalities seem shifted against each other: look at the pairs, register them.",
    "many boxes": "More boxes than an image can show: look at the label.",
    "class names": "A list of classes beside the labels names others than the dataset: make sure that the ids agree.",
    "turned image": "The file states an orientation, which is applied: labels must fit the upright image.",
}
"""What each remark means for the results; none of them stops anything."""
USABLE: tuple[ProblemKind, ...] = ("count", "image format", "label without image", "repeated box", "class order")
"""Problems that no pair need be left out for."""


@dataclass(frozen=True, kw_only=True)
class Observation:
    """One thing that was noticed."""

    id: str
    """The pair's id; empty where it is not about one pair."""
    detail: str
    """Where, what was found, and what was expected."""

    def __str__(self) -> str:
        return f"{self.id}: {self.detail}" if self.id else self.detail


@dataclass(frozen=True, kw_only=True)
class Problem(Observation):
    """One thing wrong with one pair, label or folder."""

    kind: ProblemKind


@dataclass(frozen=True, kw_only=True)
class Remark(Observation):
    """One thing about a pair that explains odd numbers later, and that may be meant so."""

    kind: RemarkKind


def remedy(kind: ProblemKind, *, skip: bool = True) -> str:
    """What to do about a kind of problem, as a sentence.

    Args:
        kind: The kind.
        skip: Whether pairs can be left out by --skip-invalid here.
    """
    leave_out = ", or leave the pair out (--skip-invalid)" if skip and kind not in (*USABLE, "layout") else ""
    return f"{REPAIRS[kind]}{leave_out}."


def raise_problems(dataset: str, split: str, problems: Sequence[Problem], *, place: str) -> None:
    """Nothing if there is no problem.

    Args:
        dataset: Its name.
        split: Which part of it.
        problems: Everything that was found.
        place: The dataset as commands take it: name, --root and what else is said about it.

    Raises:
        DatasetError: lists up to ten problems, their number, and what to do about each kind that occurs.
    """
    if not problems:
        return
    kinds = sorted({problem.kind for problem in problems})
    remedies = "\n".join(f"- {kind}: {remedy(kind)}" for kind in kinds)
    raise DatasetError(
        f"{dataset}/{split}: {len(problems)} problem{'s' if len(problems) > 1 else ''} ({', '.join(kinds)}).\n"
        f"{list_offenders([str(problem) for problem in problems])}\n{remedies}\n"
        f"All problems: python -m datasets check {place}\n"
        f"A clean copy without those pairs: python -m datasets prepare {place} --out OUT --skip-invalid"
    )
