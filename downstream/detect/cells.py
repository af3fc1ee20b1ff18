"""The cells of a detection run: fuse, train, predict on test once, score, record. A finished cell is never redone."""

from __future__ import annotations

import shutil
import tempfile
from collections.abc import Sequence
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

from datasets.base import Boxes
from downstream.detect.artefacts import write_artefacts
from downstream.detect.detector import Detector, boxed_images, map_classes, predict_boxes, train_detector
from downstream.detect.matching import Truth
from downstream.detect.quantities import PRIMARY, QUANTITIES
from downstream.detect.scoring import Scores, score_detections
from downstream.detect.settings import FROZEN_MODEL, DetectionSettings
from downstream.task_run import TaskRun
from downstream.trainings import CURVE
from suite.records import Record, Row, cell_dir, cell_id, is_done, timed, utc_now, write_record
from suite.settings import to_mapping

TASK = "detect"


@dataclass(frozen=True, kw_only=True)
class DetectionRun(TaskRun):
    """One detection command."""

    settings: DetectionSettings
    detector: Detector
    threads: int = 1
    """CPU threads of training and prediction."""


def run_cell(run: DetectionRun, spec: str, seed: int) -> Path:
    """One fuser, one seed: its record's folder, computed now or before."""
    settings = cell_settings(run, spec, seed)
    cell = cell_id(TASK, settings)
    if is_done(run.workdir, cell):
        print(f"{spec}, seed {seed}: already done ({cell}).", flush=True)
        return cell_dir(run.workdir, cell)
    started, seconds = utc_now(), dict[str, float]()
    test = run.splits["test"]
    with timed(seconds, "fuse"):
        fused = run.fused_set(spec, "test")
    with timed(seconds, "train"):
        weights, class_map, curve = _train(run, spec, seed)
    with timed(seconds, "predict"):
        images = [fused.image(sample.id) for sample in test]
        detections = predict_boxes(
            run.detector, weights, images, class_map=class_map, device=run.device, threads=run.threads
        )
    with timed(seconds, "score"):
        truths = [Truth.of(sample.target) for sample in test if isinstance(sample.target, Boxes)]
        ids = [sample.id for sample in test]
        scores = score_detections(ids, detections, truths, test.classes, resamples=run.settings.resamples)
    seconds["fuse_per_image"] = fused.mean_seconds
    record = Record(
        cell_id=cell,
        task=TASK,
        settings=settings,
        rows=_rows(run, spec, seed, scores),
        command=run.command,
        started=started,
        seconds=seconds,
        primary=PRIMARY,
        notes=_notes(run, scores),
    )
    with tempfile.TemporaryDirectory(dir=run.workdir, prefix="artefacts.partial-") as folder:
        write_artefacts(Path(folder), test, fused, detections, scores.pr_curve, scores.replicates)
        if curve is not None:
            shutil.copyfile(curve, Path(folder) / CURVE)
        return write_record(run.workdir, record, per_image=scores.per_image, artefacts=Path(folder))


def cell_settings(run: DetectionRun, spec: str, seed: int) -> dict[str, Any]:
    """Everything that determines the numbers of a cell, free of machine paths."""
    detection = to_mapping(run.settings)
    # A file's path says nothing that its hash does not, and where the work is done does not change the numbers.
    detection["model"] = Path(run.settings.model).name
    detection.pop("workers")
    return {
        "dataset": run.describe_data(),
        "fuser": run.describe_fuser(spec),
        "frozen_on": run.describe_fuser(run.settings.frozen_on),
        "detection": detection,
        "seed": seed,
        "detector": dict(run.detector.identity),
        **run.ablation.cell_settings,
    }


def _train(run: DetectionRun, spec: str, seed: int) -> tuple[Path | None, dict[int, int] | None, Path | None]:
    # Weights, detector class -> dataset class, training curve.
    if run.settings.frozen_on == FROZEN_MODEL:
        return None, map_classes(run.detector.classes, run.splits["test"].classes), None
    teacher = run.settings.frozen_on or spec
    train, val = (boxed_images(run.fused_set(teacher, split), run.splits[split]) for split in ("train", "val"))
    training = train_detector(
        run.detector, train, val, seed=seed, device=run.device, threads=run.threads, workdir=run.workdir
    )
    return training.weights, None, training.curve


def _rows(run: DetectionRun, spec: str, seed: int, scores: Scores) -> tuple[Row, ...]:
    test = run.splits["test"]
    trained = run.settings.frozen_on != FROZEN_MODEL
    return tuple(
        Row(
            dataset=test.name,
            split=test.split,
            task=TASK,
            fuser=spec,
            variant=run.ablation.variant,
            protocol=run.settings.protocol_name,
            seed=seed if trained else run.ablation.seed,
            metric=score.metric,
            value=score.value,
            ci_low=score.ci_low,
            ci_high=score.ci_high,
            n=score.n,
            **asdict(QUANTITIES[score.metric.partition("/")[0]]),
        )
        for score in scores.scores
    )


def _notes(run: DetectionRun, scores: Scores) -> tuple[str, ...]:
    return (
        *run.notes,
        *(f"{key}: {value}" for key, value in run.splits["test"].facts.items()),
        "mAP by the COCO definition (101 recall points, at most 100 predictions per image and class); intervals: "
        f"bootstrap over test images, {run.settings.resamples} draws.",
        f"Precision and recall at confidence {scores.point.confidence:.3f}, where the mean F1 is greatest.",
    )


def run_cells(run: DetectionRun, specs: Sequence[str], seeds: Sequence[int]) -> list[Path]:
    """Every fuser with every seed; one judgement is enough where nothing is trained."""
    if run.settings.frozen_on == FROZEN_MODEL:
        seeds = seeds[:1]
    return [run_cell(run, spec, seed) for seed in seeds for spec in specs]
