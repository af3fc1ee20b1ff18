"""The contract of a task: what it says about one method on one dataset with one seed, as one cell.

A task is a folder and a line in `downstream.tasks`: settings in `settings.py`, a `TaskCell` in `task.py`, its
command in `__main__.py`. Class attributes state the facts, `resolve` checks everything before the first cell of a grid
runs, `measure` computes. `TaskCell.run` writes the record; resume, locks and engines are the grid's business.
"""

from __future__ import annotations

import math
import tempfile
import typing
from abc import abstractmethod
from collections.abc import Callable, Mapping, Sequence
from dataclasses import asdict, dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING, Any, ClassVar

from datasets.base import Labels
from downstream.grid.cell import NOT_IDENTITY, Cell, Place, identity
from downstream.methods import FuseCell, Method
from downstream.pairs import Pairs
from suite.records import Record, timed, utc_now, write_record
from suite.rows import Quantity, Row

if TYPE_CHECKING:
    import pandas as pd
    from rich.table import Table

    from diffif.fusers.fused_set import FusedSet


@dataclass(frozen=True, kw_only=True)
class Score:
    """One number, without saying whose it is."""

    metric: str
    """Key; qualified as in "iou/person" or "map50/evidence:infrared"."""
    value: float
    ci_low: float = math.nan
    ci_high: float = math.nan
    n: int = 0
    """Images (or boxes, or pixels) behind the value."""


CORRUPTED_TRAINING = ", also in training"


def mean_score(metric: str, values: Sequence[float]) -> Score:
    """The mean of per-image values with its interval; nan values (undefined images) are left out of both."""
    import numpy as np

    from suite.statistics.intervals import mean_interval

    array = np.asarray(values, dtype=np.float64)
    known = array[~np.isnan(array)]
    low, high = mean_interval(array)
    return Score(
        metric=metric,
        value=float(known.mean()) if known.size else math.nan,
        ci_low=low,
        ci_high=high,
        n=int(known.size),
    )


def fuser_facts(fused: FusedSet) -> list[Score]:
    """Time per image and parameters of the fuser, as facts beside a task's scores; nan where they are not known."""
    known = fused.computes and fused.num_parameters is not None
    parameters = float(fused.num_parameters or 0) if known else math.nan
    milliseconds = 1000 * fused.mean_seconds if fused.computes else math.nan
    count = len(fused.ids)
    return [Score(metric="ms", value=milliseconds, n=count), Score(metric="parameters", value=parameters, n=count)]


@dataclass(frozen=True, kw_only=True)
class Measured:
    """What a task found out."""

    scores: Sequence[Score]
    per_image: pd.DataFrame | None = None
    """Columns id, metric, value; None where a task has no images."""
    notes: tuple[str, ...] = ()
    """What a reader must know about the numbers."""
    write_artefacts: Callable[[Path], None] | None = None
    """Fills a folder with what the report shows: predictions, curves, pictures."""


@dataclass(frozen=True, kw_only=True)
class TaskCell(Cell):
    """One task, one method, one dataset, one seed."""

    labels: ClassVar[Labels | None]
    """Which labels the task needs; "quality": images alone; None: no dataset."""
    laboratory: ClassVar[Mapping[str, Any]] = {}
    """Settings that differ from their defaults on drawn pairs."""
    quantities: ClassVar[Mapping[str, Quantity]] = {}
    """Label, unit and direction, by the part of a metric's key before the slash."""
    primary: ClassVar[str] = ""
    """The metric that ranks the methods; empty where all metrics do so together."""
    headline: ClassVar[tuple[str, ...]] = ()
    """The metrics that the command prints."""

    method: Method
    pairs: Pairs | None = None
    seed: int | None = None
    """Of what the task trains; the method's own where it was trained; None where nothing was."""
    marks: dict[str, str] = field(default_factory=dict)
    """What the settings name, by content: hashes of files, versions of libraries."""
    batch: int = field(default=4, metadata=NOT_IDENTITY)
    """Pairs fused at once."""
    settings: Any

    @classmethod
    def settings_type(cls) -> type[Any]:
        """The dataclass of the task's settings."""
        found: type[Any] = typing.get_type_hints(cls)["settings"]
        return found

    @classmethod
    def reads(cls, settings: Any) -> tuple[str, ...]:
        """The splits that the task reads."""
        return ("test",)

    @classmethod
    def resolve(cls, settings: Any, methods: Sequence[Method], pairs: Pairs | None, place: Place) -> dict[str, Any]:
        """Check what the settings name, before any work; returns the cell's fields that follow from it.

        Raises:
            BenchError: a name, a file or a combination that the task could not work with.
        """
        return {}

    @classmethod
    def repeats(cls, settings: Any) -> bool:
        """Whether another seed gives other numbers."""
        return False

    @abstractmethod
    def measure(self, place: Place, seconds: dict[str, float]) -> Measured:
        """Compute the scores; what `needs` names is done.

        Args:
            place: Where to compute.
            seconds: Takes the duration of each stage.
        """

    @classmethod
    def tabulate(cls, records: Sequence[Record]) -> Table | None:
        """What the command prints about the finished cells of one dataset; None: a table of the headline metrics."""
        return None

    def quantity(self, metric: str) -> Quantity:
        """What a metric is."""
        return self.quantities[metric.partition("/")[0]]

    @property
    def split(self) -> str:
        """The split that is scored."""
        return "test"

    @property
    def protocol(self) -> str:
        """How the task is trained ("retrain", "frozen-visible"); empty where there is one way only."""
        return ""

    @property
    def condition(self) -> str:
        """What is done to the sources, and to whose; empty where they are clean."""
        return self._corruption("text")

    @property
    def title(self) -> str:
        """TASK/DATASET/METHOD/seedN/CONDITION."""
        parts = [self.kind, *([self.pairs.label] if self.pairs else []), self.method.label]
        # A trained method already names its seed, which is the task's as well.
        if self.seed is not None and self.method.train is None:
            parts.append(f"seed{self.seed}")
        if self.condition:
            parts.append(self.condition)
        return "/".join(parts)

    def needs(self) -> tuple[Cell, ...]:
        """The fused images of the scored split."""
        return (self.fuse_cell(self.split),)

    def fuse_cell(self, *splits: str, method: Method | None = None) -> FuseCell:
        """The cell that fuses splits of the pairs by the method, or by another one."""
        assert self.pairs is not None
        pairs = self.pairs.seen_in(splits)
        return FuseCell(pairs=pairs, method=method or self.method, splits=splits, batch=self.batch)

    def run(self, place: Place) -> tuple[Path, ...]:
        """Measure and publish the record."""
        started, seconds = utc_now(), dict[str, float]()
        with timed(seconds, "total"):
            measured = self.measure(place, seconds)
        record = Record(
            cell_id=self.cell_id,
            task=self.kind,
            settings=identity(self),
            rows=tuple(self._row(score) for score in measured.scores),
            command=place.command,
            started=started,
            primary=self.primary,
            seconds=seconds,
            notes=(*self._corruption_notes(), *measured.notes),
        )
        with tempfile.TemporaryDirectory(dir=place.workdir, prefix="artefacts.partial-") as folder:
            if measured.write_artefacts:
                measured.write_artefacts(Path(folder))
            artefacts = Path(folder) if measured.write_artefacts else None
            return (write_record(place.workdir, record, per_image=measured.per_image, artefacts=artefacts),)

    def _corruption(self, part: str) -> str:
        if self.pairs is None or self.pairs.condition is None:
            return ""
        # A network that was trained on corrupted images is another question, so it has a curve of its own.
        trained = set(self.pairs.corrupted) - {self.split}
        return str(getattr(self.pairs.condition, part)) + (CORRUPTED_TRAINING if trained else "")

    def _corruption_notes(self) -> tuple[str, ...]:
        if self.pairs is None or self.pairs.condition is None:
            return ()
        splits = " and ".join(self.pairs.corrupted)
        return (f"Sources of {splits} corrupted before fusing: {self.pairs.condition.text}. Labels are unchanged.",)

    def _row(self, score: Score) -> Row:
        return Row(
            dataset=self.pairs.label if self.pairs else "random",
            split=self.split if self.pairs else "none",
            task=self.kind,
            fuser=self.method.spec,
            variant=self.method.variant,
            protocol=self.protocol,
            condition=self.condition,
            axis=self._corruption("axis"),
            severity=self.pairs.condition.severity if self.pairs and self.pairs.condition else 0.0,
            seed=self.seed,
            metric=score.metric,
            value=score.value,
            ci_low=score.ci_low,
            ci_high=score.ci_high,
            n=score.n,
            **asdict(self.quantity(score.metric)),
        )
