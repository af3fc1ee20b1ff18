"""Weights of detectors that ship with the suite, by the name that stands after --model."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from types import MappingProxyType

from downstream.shipped import verify_shipped

FOLDER = Path(__file__).resolve().parent / "weights"
LABORATORY = "yolov8n-laboratory.pt"
SHIPPED: Mapping[str, str] = MappingProxyType(
    {LABORATORY: "b5fb6599a03344f753e51f15f5b0ff790ffbda8f7ad2ad9e9961f10bf6ba1127"}
)
"""Name -> SHA-256 of the file. How each was made: weights/README.md."""


def find_shipped(name: str, folder: Path = FOLDER) -> Path | None:
    """The file of shipped weights; None where none of that name ships.

    Raises:
        WeightsError: the file is missing or is not the one that was shipped.
    """
    return verify_shipped(folder / name, SHIPPED[name]) if name in SHIPPED else None
