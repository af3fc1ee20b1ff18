"""List the datasets that the suite reads, or show one in full: layout, classes, licence, paper.

Examples:
  python -m datasets list
  python -m datasets list fmb
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Annotated

from datasets.layout import Layout
from datasets.registry import DATASETS, get_layout
from suite.options import Argument


@dataclass(frozen=True, kw_only=True)
class ListDatasets:
    """What to list."""

    name: Annotated[str | None, Argument(positional=True)] = None
    """The dataset to describe in full; without it the table of all."""


def run(settings: ListDatasets) -> int:
    """Print the table, or the facts of one dataset."""
    if settings.name is not None:
        print(describe(get_layout(settings.name)))
        return 0
    for name in DATASETS:
        print(f"{name:<17} {get_layout(name).title}")
    print("\nLayout, licence and paper of one: python -m datasets list NAME")
    return 0


def describe(layout: type[Layout]) -> str:
    """The facts of a dataset as text."""
    counts = ", ".join(f"{split} {number:,}" for split, number in layout.official_counts.items())
    classes = ", ".join(f"{index} {name}" for index, name in enumerate(layout.classes))
    lines = [
        layout.title,
        f"tasks    {', '.join(layout.tasks)}",
        f"pairs    {counts or 'no official count'}",
        f"classes  {classes or 'none'}",
        f"licence  {layout.licence}",
        f"paper    {layout.paper}",
        "layout under --root:",
        layout.expected,
    ]
    return "\n".join(lines)
