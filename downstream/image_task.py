"""A task that measures every fused image by itself; the shortest way to a task of one's own.

A subclass writes `score`. The mean with its interval, the values per image (which the report's tests compare pair by
pair), the time of the fuser and the example pictures follow.
"""

from __future__ import annotations

from abc import abstractmethod
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, ClassVar

from datasets.base import Labels, Sample
from downstream.cost.quantities import FUSER_FACTS
from downstream.grid.cell import Place
from downstream.task import Measured, TaskCell, fuser_facts, mean_score
from suite.records import timed
from suite.rows import Quantity


@dataclass(frozen=True, kw_only=True)
class NoSettings:
    """A task with nothing to set."""


@dataclass(frozen=True, kw_only=True)
class ImageTask(TaskCell):
    """One number per fused image of the test split.

    A subclass is the task: its name in small letters is the kind of its cells and the key of its number, unless it says
    `kind`. `labels` ("quality", "detect", "segment") says which labels a sample brings, `unit` and `higher_is_better`
    what the report prints. One with settings is a frozen dataclass with a field `settings`.
    """

    labels: ClassVar[Labels | None] = "quality"
    unit: ClassVar[str] = ""
    higher_is_better: ClassVar[bool | None] = None
    settings: NoSettings = field(default_factory=NoSettings)

    def __init_subclass__(cls, **keywords: Any) -> None:
        super().__init_subclass__(**keywords)
        if "kind" not in vars(cls):
            cls.kind = cls.__name__.lower()
        own = Quantity(label=cls.__name__, unit=cls.unit, higher_is_better=cls.higher_is_better)
        cls.quantities = {cls.kind: own, **FUSER_FACTS}
        cls.primary, cls.headline = cls.kind, (cls.kind,)

    @abstractmethod
    def score(self, fused: Path, sample: Sample) -> float:
        """The number of one image; nan where it is undefined, which the mean leaves out.

        Args:
            fused: The fused image, an 8-bit RGB file.
            sample: Its pair, with the labels that the task asks for.
        """

    def measure(self, place: Place, seconds: dict[str, float]) -> Measured:
        """Score every image."""
        import pandas as pd

        from downstream.gallery import write_examples

        assert self.pairs is not None
        assert self.labels is not None
        dataset = self.pairs.load(self.split, self.labels, place.workdir)
        fused = self.fuse_cell(self.split).fused(self.split, place.workdir)
        with timed(seconds, "score"):
            values = [float(self.score(fused.image(sample.id), sample)) for sample in dataset]
        rows = [(sample.id, self.kind, value) for sample, value in zip(dataset, values, strict=True)]
        return Measured(
            scores=[mean_score(self.kind, values), *fuser_facts(fused)],
            per_image=pd.DataFrame(rows, columns=["id", "metric", "value"]),
            notes=tuple(f"{key}: {value}" for key, value in dataset.facts.items()),
            write_artefacts=lambda folder: write_examples(folder, dataset, fused),
        )
