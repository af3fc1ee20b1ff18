"""Trained networks of the working folder: one folder per training, named by what determines its weights.

Detectors and segmentation networks share this: a lock, so that two cells never train the same network at once; a mark
that is written last, so that a killed training is resumed and a finished one is used; and the curve per epoch.
"""

from __future__ import annotations

import csv
import io
import json
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from filelock import FileLock

from suite.files import make_dir, write_text
from suite.settings import fingerprint

CURVE = "training.csv"
FINISHED = "finished.json"


@dataclass(frozen=True, kw_only=True)
class Training:
    """A finished training."""

    weights: Path
    """Of the best epoch on validation."""
    curve: Path
    """CSV with one line per epoch: `epoch`, the mean training `loss`, and what validation measured."""


def train_once(kind: str, identity: Mapping[str, Any], workdir: Path, train: Callable[[Path], Path]) -> Training:
    """The training of this identity: taken from the working folder where it is finished, resumed or begun otherwise.

    Args:
        kind: First part of the folder's name: "detect", "segment".
        identity: Plain data that determines the weights.
        workdir: The working folder.
        train: Trains into the folder that it is given, resuming from what it finds there, writes the curve with
            `write_curve` after every epoch, and returns the weights, a file below that folder.
    """
    folder = make_dir(workdir / "train" / f"{kind}-{fingerprint(dict(identity))}")
    mark = folder / FINISHED
    with FileLock(f"{folder}.lock"):
        weights = _finished_weights(mark)
        if weights is None:
            weights = train(folder)
            write_text(mark, json.dumps({"weights": weights.relative_to(folder).as_posix()}) + "\n")
    return Training(weights=weights, curve=folder / CURVE)


def write_curve(folder: Path, rows: Sequence[Mapping[str, float]]) -> None:
    """Write training.csv, complete or absent.

    Args:
        folder: Of the training.
        rows: One per epoch with the same keys: epoch (from 1), loss, and scores as fractions.
    """
    text = io.StringIO()
    writer = csv.DictWriter(text, fieldnames=list(rows[0]), lineterminator="\n")
    writer.writeheader()
    writer.writerows([{key: f"{value:.6g}" for key, value in row.items()} for row in rows])
    write_text(folder / CURVE, text.getvalue())


def read_curve(path: Path) -> list[dict[str, float]]:
    """The rows of a training.csv, one per epoch."""
    with path.open(encoding="utf-8", newline="") as opened:
        return [{key: float(value) for key, value in row.items()} for row in csv.DictReader(opened)]


def _finished_weights(mark: Path) -> Path | None:
    if not mark.is_file():
        return None
    weights = mark.parent / str(json.loads(mark.read_text(encoding="utf-8"))["weights"])
    return weights if weights.is_file() else None
