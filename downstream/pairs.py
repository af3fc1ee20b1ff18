"""The pairs that a cell works on, named by their content and found again by their place."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING, ClassVar

from datasets.base import Task
from datasets.synthetic.settings import SyntheticSettings
from downstream.grid.cell import NOT_IDENTITY, Cell, Place
from suite.settings import fingerprint

if TYPE_CHECKING:
    from datasets.base import PairedDataset

LABORATORY = "synthetic"
TRAINED_TASKS = ("detect", "segment")


@dataclass(frozen=True, kw_only=True)
class Pairs:
    """A dataset for one task."""

    name: str
    """As in `python -m datasets list`."""
    fingerprint: str
    """Of everything that is read: images, labels, splits."""
    task: Task = "quality"
    """Which labels are needed; "quality" for drawn pairs, whose labels are always there."""
    synthetic: SyntheticSettings | None = None
    """How the pairs are drawn into the working folder; None: they lie at `root`."""
    root: Path | None = field(default=None, metadata=NOT_IDENTITY)
    """Where real pairs lie on this machine."""

    def load(self, split: str, task: Task, workdir: Path) -> PairedDataset:
        """One split; drawn pairs must have been made by a `DataCell`."""
        from datasets.registry import load_dataset

        return load_dataset(self.name, self.place(workdir), split, task)

    def place(self, workdir: Path) -> Path | None:
        """The folder of the pairs."""
        if self.synthetic is None:
            return self.root
        return workdir / "data" / f"synthetic-{self.fingerprint}"

    def needs(self) -> tuple[Cell, ...]:
        """The cell that draws or checks the pairs."""
        return (DataCell(pairs=self),)


def laboratory_pairs(settings: SyntheticSettings) -> Pairs:
    """The synthetic laboratory with these settings."""
    from datasets.synthetic.writer import synthetic_fingerprint

    return Pairs(name=LABORATORY, fingerprint=synthetic_fingerprint(settings), synthetic=settings)


def real_pairs(name: str, root: Path, task: Task, splits: Sequence[str] = ()) -> Pairs:
    """Pairs that lie at `root`, checked for layout and labels now.

    Args:
        name: As in `python -m datasets list`.
        root: Their folder.
        task: Which labels are needed.
        splits: What is read; empty: train, val and test where something is trained on them, test otherwise.

    Raises:
        UnknownName, SettingsError, DatasetError: see `datasets.registry.load_dataset`.
    """
    from datasets.registry import load_dataset

    read = splits or splits_of(task)
    marks = {split: load_dataset(name, root, split, task).fingerprint for split in read}
    return Pairs(name=name, fingerprint=fingerprint(marks), task=task, root=root.resolve())


def splits_of(task: str) -> tuple[str, ...]:
    """The splits that a task reads."""
    return ("train", "val", "test") if task in TRAINED_TASKS else ("test",)


@dataclass(frozen=True, kw_only=True)
class DataCell(Cell):
    """Draws the synthetic laboratory, or decodes every real image once, before hours are spent on them."""

    kind: ClassVar[str] = "data"
    uses_gpu: ClassVar[bool] = False
    pairs: Pairs

    @property
    def title(self) -> str:
        """data/NAME, and the task where labels are checked."""
        return f"data/{self.pairs.name}" + ("" if self.pairs.task == "quality" else f"/{self.pairs.task}")

    def run(self, place: Place) -> tuple[Path, ...]:
        """See the class."""
        from datasets.synthetic.writer import generate
        from downstream.preflight import check_images

        if self.pairs.synthetic is not None:
            folder = self.pairs.place(place.workdir)
            assert folder is not None
            return (generate(self.pairs.synthetic, folder, progress=False),)
        splits = splits_of(self.pairs.task)
        check_images([self.pairs.load(split, self.pairs.task, place.workdir) for split in splits], place.workdir)
        return ()
