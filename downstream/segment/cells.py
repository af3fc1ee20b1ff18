"""The cells of a segmentation run: fuse, train, predict on test once, score, record. What is done is never redone."""

from __future__ import annotations

import importlib.metadata
import tempfile
from collections.abc import Sequence
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from diffif.fusers.fused_set import FusedSet
from downstream.detect.artefacts import example_samples
from downstream.segment.artefacts import write_artefacts
from downstream.segment.boundary import boundary_f1
from downstream.segment.counts import Counts, count_image
from downstream.segment.network import EncoderWeights
from downstream.segment.prediction import predict_sample, read_truth
from downstream.segment.quantities import PRIMARY, QUANTITIES
from downstream.segment.scoring import Judged, Score, per_image_table, score_segmentation
from downstream.segment.settings import SegmentationSettings
from downstream.segment.training import Task, load_network, train_network
from downstream.task_run import TaskRun
from suite.records import Record, Row, cell_dir, cell_id, is_done, timed, utc_now, write_record
from suite.settings import to_mapping

TASK = "segment"


@dataclass(frozen=True, kw_only=True)
class SegmentationRun(TaskRun):
    """One segmentation command."""

    settings: SegmentationSettings
    weights: EncoderWeights

    @property
    def unlabelled(self) -> int | None:
        """The class that the network does not learn, or None."""
        return None if self.settings.classes == "all15" else self.splits["test"].ignore_index


def run_cells(run: SegmentationRun, specs: Sequence[str], seeds: Sequence[int]) -> list[Path]:
    """Every fuser with every seed."""
    return [run_cell(run, spec, seed) for seed in seeds for spec in specs]


def run_cell(run: SegmentationRun, spec: str, seed: int) -> Path:
    """One fuser, one seed: its record's folder, computed now or before."""
    settings = cell_settings(run, spec, seed)
    cell = cell_id(TASK, settings)
    if is_done(run.workdir, cell):
        print(f"{spec}, seed {seed}: already done ({cell}).", flush=True)
        return cell_dir(run.workdir, cell)
    started, seconds = utc_now(), dict[str, float]()
    test, chosen = run.splits["test"], run.settings
    with timed(seconds, "fuse"):
        fused = run.fused_set(spec, "test")
    with timed(seconds, "train"):
        doing = f"judged by the network of {chosen.frozen_on}" if chosen.frozen_on else "training"
        print(f"{spec}, seed {seed}: {doing}, {chosen.arch} on {chosen.encoder}", flush=True)
        weights = train_network(_task(run, chosen.frozen_on or spec, seed), run.workdir)
    with timed(seconds, "predict"):
        judged, shown = _judge(run, weights, fused)
    with timed(seconds, "score"):
        scores, replicates = score_segmentation(
            judged, test.classes, chosen.classes, test.ignore_index, resamples=chosen.resamples
        )
    seconds["fuse_per_image"] = fused.mean_seconds
    record = Record(
        cell_id=cell,
        task=TASK,
        settings=settings,
        rows=tuple(_row(run, spec, seed, score) for score in scores),
        command=run.command,
        started=started,
        seconds=seconds,
        primary=PRIMARY,
        notes=_notes(run),
    )
    per_image = per_image_table(judged, test.classes, chosen.classes, test.ignore_index)
    with tempfile.TemporaryDirectory(dir=run.workdir, prefix="artefacts.partial-") as folder:
        write_artefacts(Path(folder), test, fused, shown, judged.counts, run.unlabelled, replicates)
        return write_record(run.workdir, record, per_image=per_image, artefacts=Path(folder))


def cell_settings(run: SegmentationRun, spec: str, seed: int) -> dict[str, Any]:
    """Everything that determines the numbers of a cell, free of machine paths."""
    segmentation = to_mapping(run.settings)
    # Where the work is done does not change the numbers; a file's path says nothing that its hash does not.
    segmentation.pop("workers")
    segmentation["encoder_weights"] = Path(run.settings.encoder_weights).name
    segmentation["encoder_fingerprint"] = run.weights.fingerprint
    return {
        "dataset": run.describe_data(),
        "fuser": run.describe_fuser(spec),
        "frozen_on": run.describe_fuser(run.settings.frozen_on),
        "segmentation": segmentation,
        "seed": seed,
        "segmentation-models-pytorch": importlib.metadata.version("segmentation-models-pytorch"),
        **run.ablation.cell_settings,
    }


def _task(run: SegmentationRun, spec: str, seed: int) -> Task:
    return Task(
        train=run.splits["train"],
        val=run.splits["val"],
        fused_train=run.fused_set(spec, "train"),
        fused_val=run.fused_set(spec, "val"),
        settings=run.settings,
        weights=run.weights,
        seed=seed,
        device=run.device,
    )


def _judge(run: SegmentationRun, weights: Path, fused: FusedSet) -> tuple[Judged, dict[str, NDArray[np.uint8]]]:
    from rich.progress import track

    test = run.splits["test"]
    network = load_network(weights, run.settings, len(test.classes), run.device)
    kept = {sample.id for sample in example_samples(test)}
    counts: dict[str, Counts] = {}
    boundary: dict[str, float] = {}
    shown: dict[str, NDArray[np.uint8]] = {}
    for index, sample in enumerate(track(test, description=f"segment {len(test)} images", transient=True)):
        truth, evidence = read_truth(test, index)
        predicted = predict_sample(network, fused, sample.id, device=run.device, unlabelled=run.unlabelled)
        counts[sample.id] = count_image(truth, predicted, len(test.classes), evidence)
        boundary[sample.id] = boundary_f1(truth, predicted, unlabelled=run.unlabelled)
        if sample.id in kept:
            shown[sample.id] = predicted
    return Judged(counts=counts, boundary=boundary), shown


def _row(run: SegmentationRun, spec: str, seed: int, score: Score) -> Row:
    test = run.splits["test"]
    return Row(
        dataset=test.name,
        split=test.split,
        task=TASK,
        fuser=spec,
        variant=run.ablation.variant,
        protocol=run.settings.protocol_name,
        seed=seed,
        metric=score.metric,
        value=score.value,
        ci_low=score.ci_low,
        ci_high=score.ci_high,
        n=score.n,
        **asdict(QUANTITIES[score.metric.partition("/")[0]]),
    )


def _notes(run: SegmentationRun) -> tuple[str, ...]:
    return (
        *run.notes,
        *(f"{key}: {value}" for key, value in run.splits["test"].facts.items()),
        f"mIoU from counts summed over the test images, classes counted as {run.settings.classes!r}; intervals: "
        f"bootstrap over test images, {run.settings.resamples} draws.",
    )
