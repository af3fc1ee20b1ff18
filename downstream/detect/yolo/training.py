"""Training one detector on a fused set, or taking up the one that is already trained."""

from __future__ import annotations

import importlib.metadata
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import yaml
from filelock import FileLock

from downstream.detect.settings import DetectionSettings
from downstream.detect.yolo.model_choice import ModelChoice
from suite.errors import TrainingError
from suite.files import make_dir, write_text
from suite.settings import fingerprint

DETERMINES_TRAINING = ("epochs", "imgsz", "batch", "nominal_batch", "patience", "learning_rate")


def training_identity(
    train: Path, val: Path, model: ModelChoice, settings: DetectionSettings, seed: int
) -> dict[str, Any]:
    """Everything that determines the trained weights."""
    return {
        "train": train.name,
        "val": val.name,
        "model": model.fingerprint,
        "seed": seed,
        "ultralytics": importlib.metadata.version("ultralytics"),
        **{name: getattr(settings, name) for name in DETERMINES_TRAINING},
    }


def train_detector(
    train: Path,
    val: Path,
    classes: Sequence[str],
    *,
    model: ModelChoice,
    settings: DetectionSettings,
    seed: int,
    device: str,
    workdir: Path,
) -> Path:
    """Train YOLO on images/ and labels/ of `train`, choose the best epoch on `val`; resumes after a kill.

    Args:
        train: A YOLO view.
        val: A YOLO view; never the test images.
        classes: Names in order of their ids.
        model: What to start from.
        settings: How to train.
        seed: Of weights, order and augmentation.
        device: Where to train.
        workdir: The working folder; `prepare_yolo` must have run for it.

    Returns:
        The weights of the best epoch.

    Raises:
        TrainingError: ultralytics could not finish; what it had computed is kept.
    """
    run = workdir / "train" / f"detect-{fingerprint(training_identity(train, val, model, settings, seed))}"
    make_dir(run)
    best = run / "weights" / "best.pt"
    with FileLock(f"{run}.lock"):
        from downstream.detect.yolo.trainer import ResumableTrainer, read_finished

        if not (best.is_file() and read_finished(run)):
            data = _write_data_file(run, train, val, classes)
            trainer: Any = ResumableTrainer(overrides=_overrides(run, data, model, settings, seed, device))
            try:
                trainer.train()
            except (RuntimeError, FileNotFoundError) as error:
                raise TrainingError(
                    f"training the detector in {run} stopped: {error}. The same command goes on after the last "
                    "finished epoch; on too little memory try a smaller --batch or --imgsz."
                ) from error
    if not best.is_file():
        raise TrainingError(f"training in {run} left no best.pt. Delete the folder and run the command again.")
    return best


def _write_data_file(run: Path, train: Path, val: Path, classes: Sequence[str]) -> Path:
    content = {
        "path": str(run),
        "train": str(train / "images"),
        "val": str(val / "images"),
        "names": dict(enumerate(classes)),
    }
    path = run / "data.yaml"
    write_text(path, yaml.safe_dump(content, sort_keys=False))
    return path


def _overrides(
    run: Path, data: Path, model: ModelChoice, settings: DetectionSettings, seed: int, device: str
) -> dict[str, Any]:
    optimizer = {} if settings.learning_rate is None else {"optimizer": "AdamW", "lr0": settings.learning_rate}
    return {
        "task": "detect",
        "mode": "train",
        "model": model.source,
        "data": str(data),
        "epochs": settings.epochs,
        "imgsz": settings.imgsz,
        "batch": settings.batch,
        "nbs": settings.nominal_batch,
        "patience": settings.patience,
        "workers": settings.workers,
        "seed": seed,
        "device": device,
        "deterministic": True,
        "project": str(run.parent),
        "name": run.name,
        "exist_ok": True,
        "plots": False,
        "pretrained": model.is_trained,
        **optimizer,
    }
