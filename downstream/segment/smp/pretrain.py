"""Trains the network that laboratory runs start from: LinkNet on visible, infrared and average images in equal parts.

    python -m downstream.segment.smp.pretrain --workdir runs/pretrain-segment --out linknet-laboratory.safetensors

The scenes come from laboratory seeds that no study draws (see `downstream.mixture`), and pixels of objects that their
kind of image does not show are ignored.
"""

from __future__ import annotations

import argparse
import sys
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from downstream.mixture import FIRST_SEED, SHOWS, show_scenes
from downstream.segment.segmenter import IGNORED, MaskedImages
from downstream.segment.settings import SegmentationSettings

TRAINING = SegmentationSettings(
    arch="linknet",
    encoder="mobilenet_v2",
    encoder_weights="none",
    epochs=10,
    crop=128,
    batch=16,
    learning_rate=2e-3,
)


@dataclass(frozen=True, kw_only=True)
class PretrainSettings:
    """How the weights are made."""

    scenes: int = 1200
    """Training scenes, a third per kind of image."""
    val_scenes: int = 60
    """Scenes on which the best epoch is chosen."""
    height: int = 160
    """Of the scenes, in pixels."""
    width: int = 192
    """Of the scenes, in pixels."""
    training: SegmentationSettings = TRAINING
    """Network and training."""


def main(argv: Sequence[str] | None = None) -> int:
    """Draw, train, and write the weights."""
    from suite.command import run_command

    parser = argparse.ArgumentParser(prog="python -m downstream.segment.smp.pretrain", description=__doc__)
    parser.add_argument("--workdir", type=Path, required=True, help="images and training state; resumes from there")
    parser.add_argument("--out", type=Path, required=True, help="the file to write")
    parser.add_argument("--threads", type=int, default=1, help="CPU threads (1)")
    parser.add_argument("--device", default="cpu", help="cpu, cuda:0 ... (cpu)")
    parsed = parser.parse_args(argv)

    def run() -> int:
        best = pretrain(PretrainSettings(), parsed.workdir.resolve(), threads=parsed.threads, device=parsed.device)
        export(best, parsed.out)
        return 0

    return run_command(run)


def pretrain(settings: PretrainSettings, workdir: Path, *, threads: int, device: str) -> Path:
    """Draw the scenes and train, or resume; returns the averaged weights of the best epoch."""
    from downstream.segment.segmenters import build_segmenter
    from suite.files import make_dir

    train = draw_mixture(settings, settings.scenes, FIRST_SEED, workdir / "train")
    val = draw_mixture(settings, settings.val_scenes, FIRST_SEED + 1, workdir / "val")
    folder = make_dir(workdir / "training")
    segmenter = build_segmenter(settings.training)
    return segmenter.train(train, val, folder=folder, seed=0, device=device, threads=threads)


def draw_mixture(settings: PretrainSettings, scenes: int, seed: int, folder: Path) -> MaskedImages:
    """Images and masks of as many scenes in a folder, drawn if they are not there yet."""
    import numpy as np

    from datasets.base import MaskPath
    from datasets.images import write_image
    from datasets.synthetic.settings import EVIDENCE_IDS, MASK_CLASSES
    from suite.files import write_dir

    if not folder.is_dir():
        with write_dir(folder) as staging:
            for scene in show_scenes((settings.height, settings.width), scenes, seed):
                hidden = [value for name, value in EVIDENCE_IDS.items() if name not in ("none", *SHOWS[scene.kind])]
                mask = np.where(np.isin(scene.pair.evidence, hidden), np.uint8(IGNORED), scene.pair.mask)
                write_image(staging / "images" / f"{scene.name}.png", scene.image)
                write_image(staging / "masks" / f"{scene.name}.png", mask)
    images = tuple(sorted((folder / "images").glob("*.png")))
    return MaskedImages(
        images=images,
        masks=tuple(MaskPath(path=folder / "masks" / path.name) for path in images),
        num_classes=len(MASK_CLASSES),
        ignore_index=0,
        fingerprint=f"mixture-{seed}-{scenes}",
    )


def export(checkpoint: Path, out: Path) -> None:
    """Write the averaged weights in half precision."""
    import torch
    from safetensors.torch import save_file

    tensors = torch.load(checkpoint, map_location="cpu", weights_only=True)
    halved = {name: value.half() if value.is_floating_point() else value for name, value in tensors.items()}
    save_file({name: value.contiguous() for name, value in halved.items()}, out)


if __name__ == "__main__":
    sys.exit(main())
