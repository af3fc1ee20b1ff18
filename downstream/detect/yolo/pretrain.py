"""Trains the weights that laboratory runs start from: YOLOv8n on visible, infrared and average images in equal parts.

    python -m downstream.detect.yolo.pretrain --workdir runs/pretrain --out yolov8n-laboratory.pt

The scenes come from laboratory seeds that no study draws. A third of the scenes is shown by each of the three kinds of
image, and a box counts only where its kind of image shows the object: the start knows what a person looks like in each
of them, and has not learned to guess where one might be that cannot be seen.
"""

from __future__ import annotations

import argparse
import sys
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from suite.errors import SettingsError

KINDS = ("visible", "infrared", "average")
SHOWS = {"visible": ("both", "visible"), "infrared": ("both", "infrared"), "average": ("both", "visible", "infrared")}
"""Evidence of the objects that can be seen in each kind of image."""
FIRST_SEED = 1_000_001
"""Of the training scenes; the validation scenes have the next one. Studies count their laboratory seeds from 0."""


@dataclass(frozen=True, kw_only=True)
class PretrainSettings:
    """How the checkpoint is made."""

    scenes: int = 1800
    """Training scenes, a third per kind of image."""
    val_scenes: int = 120
    """Scenes on which the best epoch is chosen."""
    height: int = 160
    """Of the scenes, in pixels."""
    width: int = 192
    """Of the scenes, in pixels; also the longer side that the detector sees."""
    epochs: int = 16
    """Passes over the training scenes."""
    batch: int = 16
    """Images per step."""
    close_mosaic: int = 4
    """Last epochs without mosaics."""
    structure: str = "yolov8n.yaml"
    """A structure that ultralytics ships."""

    def __post_init__(self) -> None:
        if self.width % 32 or self.scenes < 3 or self.val_scenes < 3:
            raise SettingsError(
                "pretraining needs a width that is a multiple of 32, and at least three scenes of each."
            )


def main(argv: Sequence[str] | None = None) -> int:
    """Draw, train, and write the checkpoint."""
    from suite.command import run_command

    parser = argparse.ArgumentParser(prog="python -m downstream.detect.yolo.pretrain", description=__doc__)
    parser.add_argument("--workdir", type=Path, required=True, help="images and training state; resumes from there")
    parser.add_argument("--out", type=Path, required=True, help="the checkpoint to write")
    parser.add_argument("--threads", type=int, default=1, help="CPU threads (1)")
    parser.add_argument("--device", default="cpu", help="cpu, 0 ... (cpu)")
    parsed = parser.parse_args(argv)
    return run_command(
        lambda: pretrain(
            PretrainSettings(), parsed.workdir.resolve(), parsed.out, threads=parsed.threads, device=parsed.device
        )
    )


def pretrain(settings: PretrainSettings, workdir: Path, out: Path, *, threads: int, device: str) -> int:
    """Train, then write the averaged weights of the best epoch in half precision without the optimiser."""
    import shutil

    from downstream.detect.yolo.environment import limit_threads, prepare_yolo

    prepare_yolo(workdir)
    limit_threads(threads)
    import torch

    torch.set_num_threads(threads)
    train = draw_mixture(settings, settings.scenes, FIRST_SEED, workdir / "train")
    val = draw_mixture(settings, settings.val_scenes, FIRST_SEED + 1, workdir / "val")
    best = _train(settings, train, val, workdir, device)
    shutil.copyfile(best, out)
    return 0


def draw_mixture(settings: PretrainSettings, scenes: int, seed: int, folder: Path) -> Path:
    """Write images/ and labels/ of as many scenes, each shown by one kind of image in turn; resumes."""
    from datasets.images import to_tensor, write_image
    from datasets.synthetic.render import render
    from datasets.synthetic.settings import BOX_CLASSES, SyntheticSettings
    from diffif.fusers.registry import build_fuser
    from suite.files import make_dir, write_text

    laboratory = SyntheticSettings(height=settings.height, width=settings.width, num_train=scenes, seed=seed)
    fusers = {kind: build_fuser(kind) for kind in KINDS}
    for name in ("images", "labels"):
        make_dir(folder / name)
    for index in range(scenes):
        kind = KINDS[index % len(KINDS)]
        label = folder / "labels" / f"{index:05d}-{kind}.txt"
        if label.is_file():
            continue
        pair = render(laboratory, "train", index)
        fused = fusers[kind].fuse(to_tensor(pair.visible, "rgb"), to_tensor(pair.infrared, "grey"))
        write_image(folder / "images" / f"{label.stem}.png", fused)
        lines = []
        for item in pair.objects:
            if item.evidence in SHOWS[kind]:
                x1, y1, x2, y2 = item.box
                centre = ((x1 + x2) / 2 / settings.width, (y1 + y2) / 2 / settings.height)
                extent = ((x2 - x1) / settings.width, (y2 - y1) / settings.height)
                numbers = " ".join(f"{value:.8f}" for value in (*centre, *extent))
                lines.append(f"{BOX_CLASSES.index(item.name)} {numbers}\n")
        # Last, since its presence says that the scene is complete.
        write_text(label, "".join(lines))
    return folder


def _train(settings: PretrainSettings, train: Path, val: Path, workdir: Path, device: str) -> Path:
    import yaml

    from datasets.synthetic.settings import BOX_CLASSES
    from downstream.detect.yolo.trainer import ResumableTrainer, read_finished
    from suite.files import write_text

    run = workdir / "training"
    data = workdir / "data.yaml"
    content = {
        "path": str(workdir),
        "train": str(train / "images"),
        "val": str(val / "images"),
        "names": dict(enumerate(BOX_CLASSES)),
    }
    write_text(data, yaml.safe_dump(content, sort_keys=False))
    best = run / "weights" / "best.pt"
    if not (best.is_file() and read_finished(run)):
        overrides: dict[str, Any] = {
            "task": "detect",
            "mode": "train",
            "model": settings.structure,
            "data": str(data),
            "epochs": settings.epochs,
            "imgsz": settings.width,
            "batch": settings.batch,
            "nbs": settings.batch,
            "close_mosaic": settings.close_mosaic,
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
        trainer.train()
    return best


if __name__ == "__main__":
    sys.exit(main())
