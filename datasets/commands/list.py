"""List the datasets that the suite reads, or show one in full: layout, classes, licence, paper.

Examples:
  python -m datasets list
  python -m datasets list fmb
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from datasets.base import Layout
from datasets.registry import DATASETS, get_layout

if TYPE_CHECKING:
    from jsonargparse import ArgumentParser, Namespace


def add_arguments(parser: ArgumentParser) -> None:
    """Declare the command's arguments."""
    parser.add_argument("name", nargs="?", default=None, help="show this dataset in full")


def run(arguments: Namespace) -> int:
    """Print the table, or one passport."""
    if arguments.name is not None:
        print(describe(get_layout(arguments.name)))
        return 0
    for name in DATASETS:
        print(f"{name:<17} {get_layout(name).title}")
    print("\nLayout, licence and paper of one: python -m datasets list NAME")
    return 0


def describe(layout: type[Layout]) -> str:
    """The passport of a dataset as text."""
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
