"""What lies beside a record, read without trust: a damaged file is no file, and a path never leaves its folder."""

from __future__ import annotations

import csv
import json
import math
from pathlib import Path
from typing import Any

from suite.records import Record


def read_json(record: Record, name: str) -> Any | None:
    """The content of artefacts/NAME; None where it is missing or is no JSON."""
    source = artefact(record, name)
    if source is None:
        return None
    try:
        return json.loads(source.read_text(encoding="utf-8"))
    except (OSError, ValueError):
        return None


def read_curve(record: Record) -> list[dict[str, float]]:
    """The rows of artefacts/training.csv, one per epoch, with finite numbers alone; [] where there are none."""
    source = artefact(record, "training.csv")
    if source is None:
        return []
    try:
        with source.open(encoding="utf-8", newline="") as opened:
            rows = [{key: float(value) for key, value in row.items()} for row in csv.DictReader(opened)]
    except (OSError, ValueError, TypeError):
        return []
    return [row for row in rows if math.isfinite(row.get("epoch", math.nan))]


def artefact(record: Record, name: str) -> Path | None:
    """The path of artefacts/NAME; None where there is no such file."""
    return inside(record.path / "artefacts", name) if record.path is not None else None


def inside(folder: Path, name: str) -> Path | None:
    """A file of a folder by its relative name; None where it is missing or lies outside."""
    path = folder / name
    try:
        found = path.resolve().is_relative_to(folder.resolve()) and path.is_file()
    except (OSError, ValueError):
        return None
    return path if found else None
