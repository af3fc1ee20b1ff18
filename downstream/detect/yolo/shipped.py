"""Weights that ship with the suite: found by name, and used only if they are what was shipped."""

from __future__ import annotations

import hashlib
from collections.abc import Mapping
from pathlib import Path
from types import MappingProxyType

from suite.errors import WeightsError

FOLDER = Path(__file__).resolve().parent / "weights"
LABORATORY = "yolov8n-laboratory.pt"
SHIPPED: Mapping[str, str] = MappingProxyType(
    {LABORATORY: "b5fb6599a03344f753e51f15f5b0ff790ffbda8f7ad2ad9e9961f10bf6ba1127"}
)
"""Name as after --model -> SHA-256 of the file. How each was made: weights/README.md."""


def find_shipped(name: str, folder: Path = FOLDER) -> Path | None:
    """The file of shipped weights; None where none of that name ships.

    Raises:
        WeightsError: the file is missing or is not the one that was shipped.
    """
    if name not in SHIPPED:
        return None
    path = folder / name
    remedy = f"Install the suite again, or restore the file: git checkout -- {FOLDER.name}/{name}"
    if not path.is_file():
        raise WeightsError(f"{name} ships with the suite, but {path} is missing. {remedy}")
    with path.open("rb") as opened:
        found = hashlib.file_digest(opened, "sha256").hexdigest()
    if found != SHIPPED[name]:
        raise WeightsError(
            f"{path} has been altered: its SHA-256 begins with {found[:12]}, shipped was {SHIPPED[name][:12]}. "
            f"{remedy}; own weights go by their path: --model PATH."
        )
    return path
