"""The pairs that a cell works on, named by their content and found again by their place."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import TYPE_CHECKING, ClassVar, TypeVar

from datasets.base import SPLITS, Labels
from datasets.corruptions.condition import Condition
from datasets.synthetic.settings import SyntheticSettings
from downstream.grid.cell import IDENTITY_IF_SET, NOT_IDENTITY, Cell, Place
from suite.settings import fingerprint

if TYPE_CHECKING:
    from datasets.base import PairedDataset

LABORATORY = "synthetic"

Size = tuple[int, int]
T = TypeVar("T")


@dataclass(frozen=True, kw_only=True)
class Pairs:
    """A dataset with the labels of one task."""

    name: str
    """As in `python -m datasets list`."""
    fingerprint: str
    """Of everything that is read: images, labels, splits."""
    labels: Labels = "quality"
    """Which labels are needed; "quality" (none) for drawn pairs, whose labels are always there."""
    splits: tuple[str, ...] = SPLITS
    """What is read."""
    limit: int | None = None
    """Only so many pairs of a split, evenly spaced."""
    synthetic: SyntheticSettings | None = None
    """How the pairs are drawn into the working folder; None: they lie at `root`."""
    root: Path | None = field(default=None, metadata=NOT_IDENTITY)
    """Where real pairs lie on this machine."""
    condition: Condition | None = field(default=None, metadata=IDENTITY_IF_SET)
    """What is done to the images of `corrupted` splits before they are fused; None: nothing."""
    corrupted: tuple[str, ...] = field(default=(), metadata=IDENTITY_IF_SET)
    """The splits that the condition holds for."""

    def load(self, split: str, labels: Labels, workdir: Path) -> PairedDataset:
        """One split, under the condition that holds for it; drawn pairs must have been made by a `DataCell`."""
        from datasets.registry import load_dataset

        found = limit_pairs(load_dataset(self.name, self.place(workdir), split, labels), self.limit)
        if self.condition is None or split not in self.corrupted:
            return found
        return replace(found, samples=tuple(replace(sample, condition=self.condition) for sample in found))

    @property
    def label(self) -> str:
        """What titles and results call the pairs: the name that their user gave them, else that of their reader."""
        from datasets.reading import result_name

        return result_name(self.name)

    @property
    def tail(self) -> str:
        """The condition at the end of a title; empty where all is clean."""
        return "" if self.condition is None else f"/{self.condition.text}"

    def under(self, condition: Condition | None, splits: Sequence[str]) -> Pairs:
        """The same pairs, of which some splits are corrupted."""
        return replace(self, condition=condition, corrupted=() if condition is None else tuple(splits))

    def seen_in(self, splits: Sequence[str]) -> Pairs:
        """As who reads only these splits knows them: clean ones are the same pairs whatever happens to the others."""
        return self.under(self.condition if set(splits) & set(self.corrupted) else None, self.corrupted)

    def place(self, workdir: Path) -> Path | None:
        """The folder of the pairs."""
        if self.synthetic is None:
            return self.root
        return workdir / "data" / f"synthetic-{self.fingerprint}"

    def classes(self, labels: Labels) -> tuple[str, ...]:
        """The class names of a task's labels, known before drawn pairs are drawn."""
        from datasets.registry import open_layout

        return open_layout(self.name, self.root or Path()).classes_for(labels)

    def outline(self, split: str) -> dict[str, Size]:
        """Id and (H, W) of every pair of a split, known before drawn pairs are drawn."""
        if self.synthetic is not None:
            from datasets.synthetic.scene import scene_id

            drawn = self.synthetic
            chosen = limited(range(drawn.count(split)), self.limit)
            return {scene_id(split, index): (drawn.height, drawn.width) for index in chosen}
        from datasets.images import pair_size

        return {sample.id: pair_size(sample) for sample in self.load(split, self.labels, Path())}

    def needs(self) -> tuple[Cell, ...]:
        """The cell that draws or checks the pairs."""
        return (DataCell(pairs=replace(self.under(None, ()), limit=None)),)


def limit_pairs(dataset: PairedDataset, limit: int | None) -> PairedDataset:
    """The whole split, or `limit` evenly spaced pairs of it, which its facts then state."""
    if limit is None or limit >= len(dataset):
        return dataset
    chosen = limited(dataset.samples, limit)
    facts = {**dataset.facts, "limit": f"{limit} of {len(dataset)} pairs, evenly spaced"}
    return replace(dataset, samples=chosen, facts=facts)


def limited(items: Sequence[T], limit: int | None) -> tuple[T, ...]:
    """`limit` evenly spaced items, or all of them."""
    if limit is None or limit >= len(items):
        return tuple(items)
    return tuple(items[index * len(items) // limit] for index in range(limit))


def laboratory_pairs(settings: SyntheticSettings) -> Pairs:
    """The synthetic laboratory with these settings."""
    from datasets.synthetic.writer import synthetic_fingerprint

    return Pairs(name=LABORATORY, fingerprint=synthetic_fingerprint(settings), synthetic=settings)


def real_pairs(name: str, root: Path | None, labels: Labels, splits: Sequence[str]) -> Pairs:
    """Pairs that lie at `root`, checked for layout and labels now.

    Args:
        name: As in `python -m datasets list`.
        root: Their folder.
        labels: Which labels are needed.
        splits: What is read.

    Raises:
        UnknownName, SettingsError, DatasetError: see `datasets.registry.load_dataset`.
    """
    from datasets.registry import load_dataset

    marks = {split: load_dataset(name, root, split, labels).fingerprint for split in splits}
    return Pairs(
        name=name,
        fingerprint=fingerprint(marks),
        labels=labels,
        splits=tuple(splits),
        root=root.resolve() if root else None,
    )


@dataclass(frozen=True, kw_only=True)
class DataCell(Cell):
    """Draws the synthetic laboratory, or decodes every real image once, before hours are spent on them."""

    kind: ClassVar[str] = "data"
    uses_gpu: ClassVar[bool] = False
    pairs: Pairs

    @property
    def title(self) -> str:
        """data/NAME, and the task where labels are checked."""
        return f"data/{self.pairs.label}" + ("" if self.pairs.labels == "quality" else f"/{self.pairs.labels}")

    @property
    def workload(self) -> str:
        """The pairs."""
        return f"data {self.pairs.fingerprint}"

    def run(self, place: Place) -> tuple[Path, ...]:
        """Draw or check; returns the folder of drawn pairs."""
        from datasets.synthetic.writer import generate
        from downstream.preflight import check_images

        pairs = self.pairs
        if pairs.synthetic is not None:
            folder = pairs.place(place.workdir)
            assert folder is not None
            return (generate(pairs.synthetic, folder, progress=False),)
        check_images([pairs.load(split, pairs.labels, place.workdir) for split in pairs.splits], place.workdir)
        return ()
