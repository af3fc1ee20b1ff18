"""The task "video": image metrics of the fused frames, consistency over time, and frames per second, clip by clip."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Any, ClassVar

from datasets.base import Labels
from downstream.cost.quantities import FUSER_FACTS
from downstream.grid.cell import Place
from downstream.methods import Method
from downstream.pairs import Pairs
from downstream.quality.task import choose_metrics, metric_quantity
from downstream.task import Measured, Score, TaskCell, fuser_facts, mean_score
from downstream.video.settings import VideoSettings
from suite.errors import SettingsError
from suite.records import Record, timed
from suite.rows import Quantity

if TYPE_CHECKING:
    import pandas as pd
    from rich.table import Table

    from datasets.base import PairedDataset
    from diffif.fusers.fused_set import FusedSet
    from downstream.video.clips import Clips

FPS = Quantity(label="Frames per second", unit="frames/s", higher_is_better=None)


@dataclass(frozen=True, kw_only=True)
class VideoCell(TaskCell):
    """Quality and consistency of one method's clips."""

    kind: ClassVar[str] = "video"
    labels: ClassVar[Labels | None] = "quality"
    quantities: ClassVar[Mapping[str, Quantity]] = {"fps": FPS, **FUSER_FACTS}
    settings: VideoSettings
    metrics: tuple[str, ...] = ()
    """As the settings name them, "all" and the default written out."""

    @classmethod
    def resolve(cls, settings: Any, methods: Sequence[Method], pairs: Pairs | None, place: Place) -> dict[str, Any]:
        """The metrics by name, the flow estimator with its version, and clips that something can be said of."""
        import cv2

        from diffif.metrics.temporal.flow import get_flow
        from downstream.video.clips import find_clips

        assert pairs is not None
        if pairs.synthetic is not None:
            raise SettingsError(
                "video needs clips, and the laboratory's scenes are single images. Draw clips: python -m "
                "downstream.video; or name yours: --datasets folder=ROOT."
            )
        get_flow(settings.flow)
        find_clips(pairs.load("test", "quality", place.workdir), settings.max_frames)
        return {
            "metrics": choose_metrics(settings.metrics, settings.convention),
            "marks": {"opencv": str(cv2.__version__)},
        }

    @classmethod
    def tabulate(cls, records: Sequence[Record]) -> Table | None:
        """Means over clips, with marks for what is best and what cannot be told apart from it."""
        from downstream.quality.table import quality_table

        return quality_table(records)

    def quantity(self, metric: str) -> Quantity:
        """As the metric itself states it; the names of temporal metrics hold their flow estimator."""
        from diffif.metrics.temporal.consistency import TEMPORAL_METRICS

        if metric in self.quantities:
            return self.quantities[metric]
        stated = TEMPORAL_METRICS.get(metric)
        if stated is None:
            return metric_quantity(metric, self.settings.convention)
        return Quantity(
            label=f"{stated.label} ({self.settings.flow.upper()})",
            unit=stated.unit,
            higher_is_better=stated.higher_is_better,
            lowest=stated.value_range[0],
        )

    @property
    def workload(self) -> str:
        """Data and metrics."""
        return f"video {self.pairs and self.pairs.fingerprint} {self.metrics} {self.settings.convention}"

    def measure(self, place: Place, seconds: dict[str, float]) -> Measured:
        """Score every frame that was not scored before, and every clip."""
        from downstream.gallery import write_examples
        from downstream.video.clips import find_clips, find_jumps

        assert self.pairs is not None
        chosen = self.settings
        dataset = self.pairs.load("test", "quality", place.workdir)
        clips = find_clips(dataset, chosen.max_frames)
        kept = {frame.id for frames in clips.values() for frame in frames}
        dataset = replace(dataset, samples=tuple(sample for sample in dataset if sample.id in kept))
        fused = self.fuse_cell("test").fused("test", place.workdir)
        with timed(seconds, "frames"):
            frames = self._score_frames(dataset, fused, clips, place)
        with timed(seconds, "consistency"):
            consistency = self._score_clips(fused, clips)
        per_clip = _table({**frames, **consistency}, list(clips))
        jumps = find_jumps(clips)
        return Measured(
            scores=[
                *(
                    mean_score(str(metric), group["value"].tolist())
                    for metric, group in per_clip.groupby("metric", sort=False)
                ),
                _frames_per_second(fused),
                *fuser_facts(fused),
            ],
            per_image=per_clip,
            notes=(
                f"A clip counts once, whatever its length (clips: {len(clips)}, frames: {len(kept)}). Intervals and "
                "tests are over clips.",
                f"BiSWE and MS2R by the formulas of VF-Bench with {chosen.flow.upper()} flow (OpenCV "
                f"{self.marks['opencv']}); not comparable with values by another estimator.",
                f"Frames by metrics of the convention {chosen.convention!r}, as stored (8 bit).",
                *([f"Compared with the {chosen.reference} sources."] if self.condition else []),
                *([f"Frame numbers jump in {len(jumps)} clips: {', '.join(jumps[:10])}."] if jumps else []),
                *(f"{key}: {value}" for key, value in dataset.facts.items()),
            ),
            write_artefacts=lambda folder: write_examples(folder, dataset, fused),
        )

    def _score_frames(
        self, dataset: PairedDataset, fused: FusedSet, clips: Clips, place: Place
    ) -> dict[str, list[float]]:
        """Image metrics: metric -> mean over the frames of each clip; nan where all of them are undefined."""
        from downstream.quality.scores import score_images
        from suite.device import resolve_device

        values = score_images(
            dataset,
            fused,
            self.metrics,
            self.settings.convention,
            place.workdir,
            reference=self.settings.reference,
            device=resolve_device(place.device),
            progress=False,
        )
        return {
            metric: [_mean([values[frame.id][metric] for frame in frames]) for frames in clips.values()]
            for metric in self.metrics
        }

    def _score_clips(self, fused: FusedSet, clips: Clips) -> dict[str, list[float]]:
        """Temporal metrics: metric -> mean over the inner frames of each clip."""
        from datasets.images import read_array, read_sample, to_uint8
        from diffif.metrics.temporal.consistency import TEMPORAL_METRICS, score_clip

        found: dict[str, list[float]] = {name: [] for name in TEMPORAL_METRICS}
        for frames in clips.values():
            sources = [frame if self.settings.reference == "corrupted" else frame.clean for frame in frames]
            scores = score_clip(
                (read_array(fused.image(frame.id)) for frame in frames),
                (to_uint8(read_sample(frame)[0]) for frame in sources),
                (to_uint8(read_sample(frame)[1]) for frame in sources),
                flow=self.settings.flow,
            )
            for name, values in scores.items():
                found[name].append(_mean(values.tolist()))
        return found


def _mean(values: Sequence[float]) -> float:
    known = [value for value in values if math.isfinite(value)]
    return sum(known) / len(known) if known else math.nan


def _table(columns: Mapping[str, Sequence[float]], clips: Sequence[str]) -> pd.DataFrame:
    import pandas as pd

    rows = [
        (clip, metric, value) for metric, values in columns.items() for clip, value in zip(clips, values, strict=True)
    ]
    return pd.DataFrame(rows, columns=["id", "metric", "value"])


def _frames_per_second(fused: FusedSet) -> Score:
    """Of fusing alone, one frame after another as they come in batches, without reading and writing."""
    known = fused.computes and fused.mean_seconds > 0
    return Score(metric="fps", value=1 / fused.mean_seconds if known else math.nan, n=len(fused.ids))
