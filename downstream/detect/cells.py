"""The cells of a detection run: fuse, train, predict on test once, score, record. A finished cell is never redone."""

from __future__ import annotations

import importlib.metadata
import tempfile
from collections.abc import Sequence
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

from datasets.base import Boxes
from downstream.detect.artefacts import write_artefacts
from downstream.detect.quantities import PRIMARY, QUANTITIES
from downstream.detect.scoring import Scores, score_detections
from downstream.detect.settings import FROZEN_MODEL, DetectionSettings
from downstream.detect.yolo.model_choice import ModelChoice
from downstream.detect.yolo.prediction import map_classes, predict_boxes, truth_of
from downstream.detect.yolo.training import train_detector
from downstream.detect.yolo.view import link_yolo_view
from downstream.task_run import TaskRun
from suite.records import Record, Row, cell_dir, cell_id, is_done, timed, utc_now, write_record
from suite.settings import to_mapping

TASK = "detect"


@dataclass(frozen=True, kw_only=True)
class DetectionRun(TaskRun):
    """One detection command."""

    settings: DetectionSettings
    model: ModelChoice


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
        weights, class_map = _detector(run, spec, seed)
    with timed(seconds, "predict"):
        images = [fused.image(sample.id) for sample in test]
        detections = predict_boxes(weights, images, imgsz=run.settings.imgsz, device=run.device, class_map=class_map)
    with timed(seconds, "score"):
        truths = [truth_of(sample.target) for sample in test if isinstance(sample.target, Boxes)]
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
        return write_record(run.workdir, record, per_image=scores.per_image, artefacts=Path(folder))


def cell_settings(run: DetectionRun, spec: str, seed: int) -> dict[str, Any]:
    """Everything that determines the numbers of a cell, free of machine paths."""
    detection = to_mapping(run.settings)
    detection |= {"model": Path(run.model.name).name, "model_fingerprint": run.model.fingerprint}
    # Where the work is done does not change the numbers.
    detection.pop("workers")
    return {
        "dataset": run.describe_data(),
        "fuser": run.describe_fuser(spec),
        "frozen_on": run.describe_fuser(run.settings.frozen_on),
        "detection": detection,
        "seed": seed,
        "ultralytics": importlib.metadata.version("ultralytics"),
        **run.ablation.cell_settings,
    }


def _detector(run: DetectionRun, spec: str, seed: int) -> tuple[Path, dict[int, int] | None]:
    if run.settings.frozen_on == FROZEN_MODEL:
        return Path(run.model.source), map_classes(run.model.classes, run.splits["test"].classes)
    teacher = run.settings.frozen_on or spec
    views = [
        link_yolo_view(run.fused_set(teacher, split), run.splits[split], run.workdir) for split in ("train", "val")
    ]
    weights = train_detector(
        views[0],
        views[1],
        run.splits["train"].classes,
        model=run.model,
        settings=run.settings,
        seed=seed,
        device=run.device,
        workdir=run.workdir,
    )
    return weights, None


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
