"""Boxes of a trained detector on a list of images, in the dataset's classes."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

import numpy as np

from datasets.base import Boxes
from downstream.detect.matching import Detections, Truth
from suite.errors import SettingsError

CONFIDENCE = 0.001
"""Predictions below this are dropped; low, because average precision looks at the whole curve (ultralytics' value)."""
NMS_IOU = 0.7
"""Of two boxes of a class that overlap more than this, the weaker one is dropped (ultralytics' value)."""
MAX_PREDICTIONS = 300


def predict_boxes(
    weights: Path, images: Sequence[Path], *, imgsz: int, device: str, class_map: Mapping[int, int] | None = None
) -> list[Detections]:
    """Run a detector.

    Args:
        weights: A checkpoint of ultralytics.
        images: Image files.
        imgsz: Longer side in pixels at which the detector sees an image.
        device: Where to run.
        class_map: Detector class -> dataset class; detector classes that are not in it are dropped. None: they agree.

    Returns:
        Boxes in pixels of the files, one entry per image.
    """
    from rich.progress import track
    from ultralytics.models import YOLO

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
            classes=None if class_map is None else sorted(class_map),
            verbose=False,
            save=False,
        )[0].boxes
        labels = result.cls.cpu().numpy().astype(np.int64)
        if class_map is not None:
            labels = np.array([class_map[int(label)] for label in labels], dtype=np.int64)
        found.append(
            Detections(
                xyxy=result.xyxy.cpu().numpy().astype(np.float64),
                scores=result.conf.cpu().numpy().astype(np.float64),
                labels=labels,
            )
        )
    return found


def map_classes(detector: Sequence[str], dataset: Sequence[str]) -> dict[int, int]:
    """Detector class -> dataset class, by equal names.

    Raises:
        SettingsError: a class of the dataset that the detector does not know.
    """
    missing = [name for name in dataset if name not in detector]
    if missing:
        raise SettingsError(
            f"the detector does not know the classes {', '.join(missing)}; it knows {', '.join(detector)}. Choose "
            "weights with the dataset's classes, or --frozen-on visible, which trains one detector first."
        )
    return {list(detector).index(name): index for index, name in enumerate(dataset)}


def truth_of(boxes: Boxes) -> Truth:
    """The true boxes of one image as arrays."""
    return Truth(
        xyxy=np.array(boxes.xyxy, dtype=np.float64).reshape(-1, 4),
        labels=np.array(boxes.labels, dtype=np.int64),
        evidence=boxes.evidence,
    )
