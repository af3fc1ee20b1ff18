"""Describe a drawn dataset in Croissant 1.0, for catalogues of datasets and for the library mlcroissant.

Writes croissant.json, pairs.csv and objects.csv into the dataset's folder.

Example:
  python -m datasets sample data/laboratory
  python -m datasets croissant data/laboratory
"""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import Annotated

from suite.options import Argument


@dataclass(frozen=True, kw_only=True)
class CroissantSettings:
    """What to describe."""

    root: Annotated[Path, Argument(positional=True, metavar="DIR")]
    """Folder that `python -m datasets sample` drew."""
    published: Annotated[str, Argument(metavar="DATE")] = ""
    """Day on which you publish the folder, 2026-11-26; left out where empty."""
    url: Annotated[str, Argument(metavar="URL")] = ""
    """Where you publish it; left out where empty."""


def run(settings: CroissantSettings) -> int:
    """Write the description and print where it is."""
    from datasets.synthetic.croissant import write_croissant

    print(write_croissant(settings.root, published=settings.published, url=settings.url))
    return 0
