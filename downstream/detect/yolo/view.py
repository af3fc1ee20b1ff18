"""A fused set and its boxes in the layout that YOLO reads: images/<id>.png, labels/<id>.txt."""

from __future__ import annotations

import os
import shutil
from pathlib import Path

from datasets.base import Boxes, PairedDataset
from datasets.images import read_size
from diffif.fusers.fused_set import FusedSet
from suite.errors import SettingsError
from suite.files import write_dir


def link_yolo_view(fused: FusedSet, dataset: PairedDataset, workdir: Path) -> Path:
    """images/<id>.png (hard links) and labels/<id>.txt of a fused set with its boxes; returns the folder.

    The name follows from images and labels, so that two annotation sets of one dataset never mix.

    Raises:
        SettingsError: the dataset has no boxes.
    """
    name = f"{fused.path.name}-{dataset.fingerprint}"
    view = workdir / "views" / name
    if view.is_dir():
        return view
    with write_dir(view) as folder:
        for sub in ("images", "labels"):
            (folder / sub).mkdir()
        for sample in dataset:
            if not isinstance(sample.target, Boxes):
                raise SettingsError(f"{dataset.name}/{dataset.split} {sample.id} has no boxes; detection needs them.")
            source = fused.image(sample.id)
            _link(source, folder / "images" / source.name)
            lines = yolo_lines(sample.target, read_size(source))
            (folder / "labels" / f"{sample.id}.txt").write_text("".join(lines), encoding="ascii")
    return view


def yolo_lines(boxes: Boxes, size: tuple[int, int]) -> list[str]:
    """One line `class x_centre y_centre width height` per box, as fractions of an (H, W) image."""
    height, width = size
    lines = []
    for label, (x1, y1, x2, y2) in zip(boxes.labels, boxes.xyxy, strict=True):
        centre = ((x1 + x2) / 2 / width, (y1 + y2) / 2 / height)
        extent = ((x2 - x1) / width, (y2 - y1) / height)
        lines.append(f"{label} {' '.join(f'{v:.8f}' for v in (*centre, *extent))}\n")
    return lines


def _link(source: Path, target: Path) -> None:
    try:
        os.link(source, target)
    except OSError:
        # Another file system, or one without hard links: the bytes are copied instead.
        shutil.copyfile(source, target)
