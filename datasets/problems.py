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
    "image format",
    "unreadable image",
    "size mismatch",
    "image without label",
    "label without image",
    "unreadable label",
    "box outside",
    "unknown class",
    "mask size",
    "mask colours",
    "mask ids",
]

REMEDIES: dict[ProblemKind, str] = {
    "layout": "Put the folders where `expected` shows them, or pass another --root.",
    "count": "Download the missing part, or say that it is a part: --subset",
    "unpaired image": "Add the missing file, or leave the pair out (--skip-invalid).",
    "duplicate id": "Remove one of the two files.",
    "image format": "Use the official files: a re-encoded copy does not give comparable numbers.",
    "unreadable image": "Copy the file again from its source, or leave the pair out (--skip-invalid).",
    "size mismatch": "Pairs must be registered and of one size: fix the files, or leave the pair out (--skip-invalid).",
    "image without label": "Add the label (an empty one if nothing is there), or leave the pair out (--skip-invalid).",
    "label without image": "Add the image, or remove the label.",
    "unreadable label": "Copy the label again from its source, or leave the pair out (--skip-invalid).",
    "box outside": "Correct the box, or leave the pair out (--skip-invalid).",
    "unknown class": "Correct the class, or leave the pair out (--skip-invalid).",
    "mask size": "Use the masks of the same release as the images, or leave the pair out (--skip-invalid).",
    "mask colours": "Use the folder of id masks, not their colour-coded copy.",
    "mask ids": "Correct the ids, or leave the pair out (--skip-invalid).",
}
"""What to do about each kind; one kind has one remedy."""


@dataclass(frozen=True, kw_only=True)
class Problem:
    """One thing wrong with one pair, label or folder."""

    kind: ProblemKind
    id: str
    """The pair's id; empty where the problem is not one pair's."""
    detail: str
    """Where, what was found, what was expected."""

    def __str__(self) -> str:
        return f"{self.id}: {self.detail}" if self.id else self.detail


def raise_problems(dataset: str, split: str, problems: Sequence[Problem]) -> None:
    """Nothing if there is no problem.

    Raises:
        DatasetError: lists up to ten problems, their number, and what to do about each kind that occurs.
    """
    if not problems:
        return
    kinds = sorted({problem.kind for problem in problems})
    remedies = "\n".join(f"- {kind}: {REMEDIES[kind]}" for kind in kinds)
    raise DatasetError(
        f"{dataset}/{split}: {len(problems)} problem{'s' if len(problems) > 1 else ''} ({', '.join(kinds)}).\n"
        f"{list_offenders([str(problem) for problem in problems])}\n{remedies}\n"
        f"All problems: python -m datasets check {dataset} --root DIR\n"
        "A clean copy without those pairs: "
        f"python -m datasets prepare {dataset} --root DIR --out OUT --skip-invalid"
    )
