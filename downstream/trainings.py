"""Networks that tasks train on fused images: one cell per training, so that several cells judge by one network.

Detectors and segmentation networks share this: the cell that is resumed after a kill and used once it is finished, and
the curve per epoch.
"""

from __future__ import annotations

import csv
import io
import shutil
import typing
from abc import abstractmethod
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, ClassVar

from datasets.base import Labels, PairedDataset
from downstream.grid.cell import NOT_IDENTITY, Cell, Place
from downstream.grid.store import CellStore
from downstream.methods import FuseCell, Method
from downstream.pairs import Pairs
from suite.files import make_dir, write_text

if typing.TYPE_CHECKING:
    from diffif.fusers.fused_set import FusedSet

CURVE = "training.csv"
TRAINING_SPLITS = ("train", "val")


@dataclass(frozen=True, kw_only=True)
class NetworkCell(Cell):
    """Trains a network on one method's images, or resumes where an earlier attempt was cut off."""

    labels: ClassVar[Labels]
    """Which labels it learns."""

    pairs: Pairs
    method: Method
    """Whose images it learns from."""
    marks: dict[str, str]
    """What the settings name, by content: hashes of files, versions of libraries."""
    seed: int
    """Of weights, order and augmentation."""
    batch: int = field(default=4, metadata=NOT_IDENTITY)
    """Pairs fused at once."""
    settings: Any

    @abstractmethod
    def train(
        self,
        sets: Sequence[tuple[FusedSet, PairedDataset]],
        folder: Path,
        device: str,
        place: Place,
    ) -> Path:
        """Train, or resume; returns the weights of the epoch that is best on validation.

        Args:
            sets: Fused images and labels of train and val.
            folder: Holds what an earlier attempt left.
            device: "cpu", "cuda:0" ...
            place: Working folder and threads.
        """

    @property
    def title(self) -> str:
        """KIND/DATASET/METHOD/seedN/CONDITION."""
        # A trained method already names its seed, which is the network's as well.
        tail = "" if self.method.train else f"/seed{self.seed}"
        return f"{self.kind}/{self.pairs.label}/{self.method.label}{tail}{self.pairs.tail}"

    @property
    def fuse_cell(self) -> FuseCell:
        """The images that it learns from."""
        pairs = self.pairs.seen_in(TRAINING_SPLITS)
        return FuseCell(pairs=pairs, method=self.method, splits=TRAINING_SPLITS, batch=self.batch)

    def needs(self) -> tuple[Cell, ...]:
        """The fused training and validation images."""
        return (self.fuse_cell,)

    def run(self, place: Place) -> tuple[Path, ...]:
        """Train; returns the weights, and the curve of a network that has epochs."""
        from suite.device import resolve_device

        sets = [
            (self.fuse_cell.fused(split, place.workdir), self.pairs.load(split, self.labels, place.workdir))
            for split in TRAINING_SPLITS
        ]
        folder = make_dir(self.folder(place.workdir) / "training")
        weights = self.train(sets, folder, resolve_device(place.device), place)
        return (weights, *([folder / CURVE] if (folder / CURVE).is_file() else []))

    def weights(self, workdir: Path) -> Path:
        """The weights of the best epoch, after the cell was computed."""
        return CellStore(workdir).outputs(self.cell_id)[0]

    def copy_curve(self, workdir: Path, folder: Path) -> None:
        """Put loss and validation score by epoch into a folder, after the cell was computed; no file without epochs."""
        for curve in CellStore(workdir).outputs(self.cell_id)[1:]:
            shutil.copyfile(curve, folder / curve.name)


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
