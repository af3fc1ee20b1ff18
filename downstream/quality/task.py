"""The task "quality": image metrics of every fused image of a split, as means with intervals."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Any, ClassVar

from datasets.base import Labels
from downstream.cost.quantities import FUSER_FACTS
from downstream.grid.cell import Place
from downstream.methods import Method
from downstream.pairs import Pairs
from downstream.quality.settings import QualitySettings
from downstream.task import Measured, TaskCell, fuser_facts, mean_score
from suite.records import Record, timed
from suite.rows import Quantity

if TYPE_CHECKING:
    from rich.table import Table


@dataclass(frozen=True, kw_only=True)
class QualityCell(TaskCell):
    """Image metrics of one method."""

    kind: ClassVar[str] = "quality"
    labels: ClassVar[Labels | None] = "quality"
    settings: QualitySettings
    metrics: tuple[str, ...] = ()
    """As the settings name them, "all" and the default written out."""

    @classmethod
    def reads(cls, settings: Any) -> tuple[str, ...]:
        """The chosen split."""
        return (settings.split,)

    @classmethod
    def resolve(cls, settings: Any, methods: Sequence[Method], pairs: Pairs | None, place: Place) -> dict[str, Any]:
        """The metrics by name, known to the convention; the pairs within the limit."""
        assert pairs is not None
        metrics = choose_metrics(settings.metrics, settings.convention)
        return {"metrics": metrics, "pairs": replace(pairs, limit=settings.limit)}

    @classmethod
    def tabulate(cls, records: Sequence[Record]) -> Table | None:
        """Means, with marks for what is best and what cannot be told apart from it."""
        from downstream.quality.table import quality_table

        return quality_table(records)

    def quantity(self, metric: str) -> Quantity:
        """As the metric itself states it; time and parameters have no direction here, since they rank nothing."""
        return FUSER_FACTS[metric] if metric in FUSER_FACTS else metric_quantity(metric, self.settings.convention)

    @property
    def split(self) -> str:
        """The chosen split."""
        return self.settings.split

    @property
    def workload(self) -> str:
        """Data and metrics."""
        return f"quality {self.pairs and self.pairs.fingerprint} {self.metrics} {self.settings.convention}"

    def measure(self, place: Place, seconds: dict[str, float]) -> Measured:
        """Score what was not scored before."""
        import pandas as pd

        from downstream.gallery import write_examples
        from downstream.quality.scores import score_images, undefined_notes
        from suite.device import resolve_device

        assert self.pairs is not None
        chosen = self.settings
        dataset = self.pairs.load(self.split, "quality", place.workdir)
        fused = self.fuse_cell(self.split).fused(self.split, place.workdir)
        device = resolve_device(place.device)
        with timed(seconds, "score"):
            values = score_images(
                dataset,
                fused,
                self.metrics,
                chosen.convention,
                place.workdir,
                reference=chosen.reference,
                device=device,
                progress=False,
            )
        rows = [(sample.id, metric, values[sample.id][metric]) for metric in self.metrics for sample in dataset]
        per_image = pd.DataFrame(rows, columns=["id", "metric", "value"])
        scores = [mean_score(metric, [values[sample.id][metric] for sample in dataset]) for metric in self.metrics]
        return Measured(
            scores=[*scores, *fuser_facts(fused)],
            per_image=per_image,
            notes=(
                f"Metrics of the convention {chosen.convention!r}, on the fused images as stored (8 bit).",
                *([f"Compared with the {chosen.reference} sources."] if self.condition else []),
                *undefined_notes(per_image),
                *(f"{key}: {value}" for key, value in dataset.facts.items()),
            ),
            write_artefacts=lambda folder: write_examples(folder, dataset, fused),
        )


def metric_quantity(name: str, convention_name: str) -> Quantity:
    """What the values of an image metric are under a convention, as the metric states it."""
    from diffif.metrics import get_convention, get_metric

    stated, convention = get_metric(name), get_convention(convention_name)
    low, high = stated.range_under(convention)
    return Quantity(
        label=stated.label,
        unit=stated.unit_under(convention),
        higher_is_better=stated.higher_is_better,
        ideal=stated.ideal,
        lowest=low if math.isfinite(low) else None,
        highest=high if math.isfinite(high) else None,
    )


def choose_metrics(names: Sequence[str], convention: str) -> tuple[str, ...]:
    """The metrics asked for; by default the field's usual ones as far as the convention defines them.

    Raises:
        UnknownName: no such metric or convention.
        SettingsError: the convention does not define a metric that was named.
    """
    from diffif.metrics import choose_metrics as choose
    from diffif.metrics import get_metric

    chosen = choose(names, convention)
    # A metric of the user's own is known by the path that was given, in the records too.
    own = {get_metric(name).name: name for name in names if ":" in name}
    return tuple(own.get(metric.name, metric.name) for metric in chosen)
