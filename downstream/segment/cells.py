"""The cells of a segmentation run: fuse, train, predict on test once, score, record. What is done is never redone."""

from __future__ import annotations

import shutil
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
from downstream.segment.quantities import PRIMARY, QUANTITIES
from downstream.segment.scoring import Judged, Score, per_image_table, score_segmentation
from downstream.segment.segmenter import Segmenter, mask_of, masked_images, read_mask
from downstream.segment.settings import SegmentationSettings
from downstream.task_run import TaskRun
from downstream.trainings import CURVE, Training, train_once
from suite.records import Record, Row, cell_dir, cell_id, is_done, timed, utc_now, write_record
from suite.settings import to_mapping

TASK = "segment"


@dataclass(frozen=True, kw_only=True)
class SegmentationRun(TaskRun):
    """One segmentation command."""

    settings: SegmentationSettings
    segmenter: Segmenter
    threads: int = 1
    """CPU threads of training and prediction."""

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
        training = _train(run, chosen.frozen_on or spec, seed)
    with timed(seconds, "predict"):
        judged, shown = _judge(run, training.weights, fused)
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
        shutil.copyfile(training.curve, Path(folder) / CURVE)
        return write_record(run.workdir, record, per_image=per_image, artefacts=Path(folder))


def cell_settings(run: SegmentationRun, spec: str, seed: int) -> dict[str, Any]:
    """Everything that determines the numbers of a cell, free of machine paths."""
    segmentation = to_mapping(run.settings)
    # Where the work is done does not change the numbers; a file's path says nothing that its hash does not.
    segmentation.pop("workers")
    segmentation["encoder_weights"] = Path(run.settings.encoder_weights).name
    return {
        "dataset": run.describe_data(),
        "fuser": run.describe_fuser(spec),
        "frozen_on": run.describe_fuser(run.settings.frozen_on),
        "segmentation": segmentation,
        "seed": seed,
        "segmenter": dict(run.segmenter.identity),
        **run.ablation.cell_settings,
    }


def _train(run: SegmentationRun, spec: str, seed: int) -> Training:
    train, val = (masked_images(run.fused_set(spec, split), run.splits[split]) for split in ("train", "val"))
    identity = {
        "train": train.fingerprint,
        "val": val.fingerprint,
        "seed": seed,
        "segmenter": dict(run.segmenter.identity),
    }
    return train_once(
        "segment",
        identity,
        run.workdir,
        lambda folder: run.segmenter.train(
            train, val, folder=folder, seed=seed, device=run.device, threads=run.threads
        ),
    )


def _judge(run: SegmentationRun, weights: Path, fused: FusedSet) -> tuple[Judged, dict[str, NDArray[np.uint8]]]:
    from rich.progress import track

    test = run.splits["test"]
    masked = masked_images(fused, test)
    predictions = run.segmenter.predict(
        weights,
        masked.images,
        num_classes=masked.num_classes,
        ignore_index=masked.ignore_index,
        device=run.device,
        threads=run.threads,
    )
    kept = {sample.id for sample in example_samples(test)}
    counts: dict[str, Counts] = {}
    boundary: dict[str, float] = {}
    shown: dict[str, NDArray[np.uint8]] = {}
    shown_progress = track(predictions, total=len(test), description=f"segment {len(test)} images", transient=True)
    for sample, predicted in zip(test, shown_progress, strict=True):
        truth, evidence = read_mask(mask_of(sample))
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
