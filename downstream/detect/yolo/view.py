"""Images and boxes in the layout that ultralytics reads: images/<id>.png, labels/<id>.txt."""

from __future__ import annotations

import os
import shutil
from pathlib import Path
from typing import TYPE_CHECKING

from datasets.annotations import yolo_lines
from datasets.images import read_size
from suite.files import write_dir

if TYPE_CHECKING:
    from downstream.detect.detector import BoxedImages


def link_view(boxed: BoxedImages, workdir: Path) -> Path:
    """images/ (hard links) and labels/ of a split; returns the folder, made once for all trainings.

    The name follows from images and labels, so that two annotation sets of one dataset never mix.
    """
    view = workdir / "views" / boxed.fingerprint
    if view.is_dir():
        return view
    with write_dir(view) as folder:
        for sub in ("images", "labels"):
            (folder / sub).mkdir()
        for source, boxes in zip(boxed.images, boxed.boxes, strict=True):
            _link(source, folder / "images" / source.name)
            lines = "".join(f"{line}\n" for line in yolo_lines(boxes, read_size(source)))
            (folder / "labels" / f"{source.stem}.txt").write_text(lines, encoding="ascii")
    return view


def _link(source: Path, target: Path) -> None:
    try:
        os.link(source, target)
    except OSError:
        # Another file system, or one without hard links: the bytes are copied instead.
        shutil.copyfile(source, target)
