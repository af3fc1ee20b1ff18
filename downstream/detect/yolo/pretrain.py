"""Trains the weights that laboratory runs start from: YOLOv8n on visible, infrared and average images in equal parts.

    python -m downstream.detect.yolo.pretrain --workdir runs/pretrain --out yolov8n-laboratory.pt

The scenes come from laboratory seeds that no study draws (see `downstream.detect.yolo.mixture`), and a box counts only
where its kind of image shows the object.
"""

from __future__ import annotations

import sys
from collections.abc import Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Annotated, Any

from downstream.detect.yolo.mixture import FIRST_SEED, KINDS, SHOWS, show_scenes
from suite.command import run_settings
from suite.errors import SettingsError
from suite.options import Argument


@dataclass(frozen=True, kw_only=True)
class PretrainSettings:
    """How the weights are made."""

    scenes: int = 1800
    """Training scenes, a third per kind of image."""
    val_scenes: int = 120
    """Scenes on which the best epoch is chosen."""
    height: int = 160
    """Of the scenes, in pixels."""
    width: int = 192
    """Of the scenes, in pixels; also the longer side that the detector sees."""
    epochs: int = 16
    """Passes over the training scenes by which the learning rate falls."""
    stop_after: int = 8
    """Epochs that are trained; a start does not have to be at its end."""
    batch: int = 16
    """Images per step."""
    structure: str = "yolov8n.yaml"
    """A structure that ultralytics ships."""

    def __post_init__(self) -> None:
        if self.width % 32 or min(self.scenes, self.val_scenes) < len(KINDS) or not 1 <= self.stop_after <= self.epochs:
            raise SettingsError(
                "pretraining needs a width that is a multiple of 32, at least three scenes of each split, and "
                "1 <= stop_after <= epochs."
            )


@dataclass(frozen=True, kw_only=True)
class PretrainCommand:
    """Where the weights are made."""

    workdir: Annotated[Path, Argument(metavar="DIR")]
    """Images and training state; the same command resumes."""
    out: Annotated[Path, Argument(metavar="FILE")]
    """The weights to write."""
    threads: int = 1
    """CPU threads."""
    device: Annotated[str, Argument(metavar="NAME")] = "cpu"
    """cpu, cuda:0 ...; the weights that ship were made on a CPU."""
    settings: Annotated[PretrainSettings, Argument(group=True)] = field(default_factory=PretrainSettings)


def main(argv: Sequence[str] | None = None) -> int:
    """Run the command; see --help."""
    return run_settings(run, argv, prog="python -m downstream.detect.yolo.pretrain", description=__doc__)


def run(command: PretrainCommand) -> int:
    """Draw, train, and write the weights."""
    best = pretrain(command.settings, command.workdir.resolve(), threads=command.threads, device=command.device)
    export(best, command.out)
    return 0


def pretrain(settings: PretrainSettings, workdir: Path, *, threads: int, device: str) -> Path:
    """Draw the scenes and train, or resume; returns ultralytics' checkpoint of the best epoch."""
    from downstream.detect.yolo.environment import limit_threads, prepare_yolo

    prepare_yolo(workdir)
    limit_threads(threads)
    from datasets.synthetic.settings import BOX_CLASSES
    from downstream.detect.yolo.trainer import ResumableTrainer, read_finished
    from downstream.detect.yolo.training import write_data_file

    train = draw_mixture(settings, settings.scenes, FIRST_SEED, workdir / "train")
    val = draw_mixture(settings, settings.val_scenes, FIRST_SEED + 1, workdir / "val")
    run = workdir / "training"
    best = run / "weights" / "best.pt"
    run.mkdir(exist_ok=True)
    if not (best.is_file() and read_finished(run)):
        overrides: dict[str, Any] = {
            "task": "detect",
            "mode": "train",
            "model": settings.structure,
            "data": str(write_data_file(run, train, val, BOX_CLASSES)),
            "epochs": settings.epochs,
            "imgsz": settings.width,
            "batch": settings.batch,
            "nbs": settings.batch,
            "close_mosaic": settings.epochs // 4,
            "workers": 0,
            "seed": 0,
            "device": device,
            "deterministic": True,
            "project": str(run.parent),
            "name": run.name,
            "exist_ok": True,
            "plots": False,
            "pretrained": False,
        }
        trainer: Any = ResumableTrainer(overrides=overrides)
        trainer.add_callback(
            "on_train_epoch_end", lambda one: setattr(one, "stop", one.epoch + 1 >= settings.stop_after)
        )
        trainer.train()
    return best


def draw_mixture(settings: PretrainSettings, scenes: int, seed: int, folder: Path) -> Path:
    """Write images/ and labels/ of as many scenes; complete or absent."""
    from datasets.annotations import yolo_lines
    from datasets.base import Boxes
    from datasets.images import write_image
    from datasets.synthetic.settings import BOX_CLASSES
    from suite.files import write_dir, write_text

    if folder.is_dir():
        return folder
    size = (settings.height, settings.width)
    with write_dir(folder) as staging:
        for scene in show_scenes(size, scenes, seed):
            write_image(staging / "images" / f"{scene.name}.png", scene.image)
            shown = [item for item in scene.pair.objects if item.evidence in SHOWS[scene.kind]]
            boxes = Boxes(
                xyxy=tuple(item.box for item in shown), labels=tuple(BOX_CLASSES.index(item.name) for item in shown)
            )
            write_text(staging / "labels" / f"{scene.name}.txt", "".join(f"{x}\n" for x in yolo_lines(boxes, size)))
    return folder


def export(checkpoint: Path, out: Path) -> None:
    """Write the averaged weights in half precision, without the optimiser and without a word about this machine."""
    import torch
    from ultralytics.nn import tasks

    loaded, _ = tasks.torch_safe_load(checkpoint, safe_only=True)  # type: ignore[no-untyped-call]
    network = (loaded.get("ema") or loaded["model"]).half()
    network.args = {"task": "detect"}
    network.criterion = None
    for parameter in network.parameters():
        parameter.requires_grad = False
    torch.save(
        {
            "epoch": -1,
            "model": network,
            "train_args": {"task": "detect"},
            "license": "AGPL-3.0",
            "version": loaded["version"],
        },
        out,
    )


if __name__ == "__main__":
    sys.exit(main())
