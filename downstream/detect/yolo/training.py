"""One training of a network of ultralytics: its files and its settings in that package's words."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

import yaml

from suite.errors import TrainingError
from suite.files import write_text

if TYPE_CHECKING:
    from downstream.detect.detector import BoxedImages
    from downstream.detect.settings import DetectionSettings
    from downstream.detect.yolo.structures import Family


@dataclass(frozen=True, kw_only=True)
class Network:
    """The network that is trained, and how."""

    source: str
    """What ultralytics is given: a .pt or .yaml file, or a name that ships with it."""
    family: Family
    is_pretrained: bool
    """Whether it starts from weights."""
    settings: DetectionSettings


def train_network(
    network: Network,
    train: BoxedImages,
    val: BoxedImages,
    *,
    workdir: Path,
    folder: Path,
    seed: int,
    device: str,
    threads: int,
) -> Path:
    """Train, resuming from what lies in `folder`; see `Detector.train`.

    Raises:
        TrainingError: ultralytics could not finish; what it had computed is kept.
    """
    from downstream.detect.yolo.environment import limit_threads, prepare_yolo
    from downstream.detect.yolo.view import link_view

    prepare_yolo(workdir)
    limit_threads(threads)
    from downstream.detect.yolo.checkpoint import require_safe_loading
    from downstream.detect.yolo.trainer import TRAINERS, read_finished

    require_safe_loading()
    best = folder / "weights" / "best.pt"
    if not (best.is_file() and read_finished(folder)):
        views = link_view(train, workdir), link_view(val, workdir)
        data = write_data_file(folder, *views, train.classes)
        trainer: Any = TRAINERS[network.family](overrides=_overrides(network, folder, data, seed, device))
        try:
            trainer.train()
        except (RuntimeError, FileNotFoundError) as error:
            raise TrainingError(
                f"training the detector in {folder} stopped: {error}. The same command resumes after the last "
                "finished epoch; on too little memory try a smaller --batch or --imgsz."
            ) from error
    if not best.is_file():
        raise TrainingError(f"training in {folder} left no best.pt. Delete the folder and run the command again.")
    return best


def write_data_file(folder: Path, train: Path, val: Path, classes: tuple[str, ...]) -> Path:
    """The file that tells ultralytics where the two splits lie; returns its path."""
    content = {
        "path": str(folder),
        "train": str(train / "images"),
        "val": str(val / "images"),
        "names": dict(enumerate(classes)),
    }
    path = folder / "data.yaml"
    write_text(path, yaml.safe_dump(content, sort_keys=False))
    return path


def _overrides(network: Network, folder: Path, data: Path, seed: int, device: str) -> dict[str, Any]:
    settings = network.settings
    optimizer = {} if settings.learning_rate is None else {"optimizer": "AdamW", "lr0": settings.learning_rate}
    return {
        "task": "detect",
        "mode": "train",
        "model": network.source,
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
        "project": str(folder.parent),
        "name": folder.name,
        "exist_ok": True,
        "plots": False,
        "pretrained": network.is_pretrained,
        **optimizer,
    }
