"""Boxes of a network of ultralytics on a list of images."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import Any

import numpy as np

from downstream.detect.matching import Detections

CONFIDENCE = 0.001
"""Predictions below this are dropped; low, because average precision looks at the whole curve (ultralytics' value)."""
NMS_IOU = 0.7
"""Of two boxes of a class that overlap more than this, the weaker one is dropped (ultralytics' value)."""
MAX_PREDICTIONS = 300


def predict_images(
    weights: Path, images: Sequence[Path], *, imgsz: int, device: str, keep: Sequence[int] | None
) -> list[Detections]:
    """Run a network.

    Args:
        weights: A checkpoint of ultralytics.
        images: Image files.
        imgsz: Longer side in pixels at which the network sees an image.
        device: Where to run.
        keep: Labels to report; None: all.

    Returns:
        Boxes in pixels of the files, one entry per image.
    """
    from rich.progress import track
    from ultralytics.models import YOLO

    from downstream.detect.yolo.checkpoint import require_safe_loading

    require_safe_loading()
    # Becomes an RT-DETR by itself where the file holds one.
    network: Any = YOLO(str(weights), task="detect")
    found = []
    for path in track(images, description=f"detect on {len(images)} images", transient=True):
        # One by one: a batch of unequal sizes would be padded, and boxes must not depend on an image's neighbours.
        result = network.predict(
            str(path),
            imgsz=imgsz,
            device=device,
            conf=CONFIDENCE,
            iou=NMS_IOU,
            max_det=MAX_PREDICTIONS,
            classes=None if keep is None else list(keep),
            verbose=False,
            save=False,
        )[0].boxes
        found.append(
            Detections(
                xyxy=result.xyxy.cpu().numpy().astype(np.float64),
                scores=result.conf.cpu().numpy().astype(np.float64),
                labels=result.cls.cpu().numpy().astype(np.int64),
            )
        )
    return found
