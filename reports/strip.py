"""One crop as every fuser shows it, at the top of the page: people look before they read.

The crop shows the object about which the detectors disagree most; where nothing was detected, the middle of a pair.
"""

from __future__ import annotations

import base64
import io
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from reports.artefacts import inside
from reports.collect import Collection, Context
from reports.gallery import SHOWN_CONFIDENCE, gallery_entries
from reports.labels import BASELINES, dataset_label

SIDE = 224
"""Pixels of a picture on the page."""
SMALLEST_CROP = 96
FOUND_IOU = 0.5
MOST_PICTURES = 18

Box = tuple[float, float, float, float]


@dataclass(frozen=True)
class Picture:
    """One method's version of the crop."""

    name: str
    uri: str
    boxes: tuple[Box, ...]
    """Predicted boxes: left, top, width, height in percent of the crop."""
    found: bool | None
    """Whether the object that the crop shows was found; None where nobody looked for it."""


@dataclass(frozen=True)
class Strip:
    """The pictures and what they show."""

    pictures: tuple[Picture, ...]
    caption: str


def build_strip(collection: Collection, context: Context | None, order: Sequence[str]) -> Strip | None:
    """The crop of the board that answers the report's question.

    Args:
        collection: What was read.
        context: Of that board; None: any.
        order: Methods, best first.
    """
    found = gallery_entries(collection)
    key = (context.dataset, context.split) if context is not None else next(iter(found), None)
    if key not in found:
        return None
    name, box = _choose(found[key])
    entries: dict[str, tuple[Path, Mapping[str, Any]]] = {}
    for method, folder, entry in found[key][name]:
        entries.setdefault(method, (folder, entry))
    folder, first = next(iter(entries.values()))
    height, width = (int(v) for v in first["size"])
    crop = _crop(box, height, width)
    sources = [
        _picture(name, *entries[name], "fused", crop, True, box)
        if name in entries
        else _picture(name, folder, first, name, crop, None, box)
        for name in BASELINES
    ]
    fused = sorted(set(entries) - set(BASELINES), key=lambda m: order.index(m) if m in order else len(order))
    shown = [*sources, *(_picture(m, *entries[m], "fused", crop, True, box) for m in fused)]
    pictures = tuple(p for p in shown if p is not None)[:MOST_PICTURES]
    if not pictures:
        return None
    judged = [p for p in pictures if p.found is not None]
    caption = f"The same crop of {dataset_label(key[0])} {name} by every method."
    if box is not None and judged:
        hits = sum(bool(p.found) for p in judged)
        caption += f" Frames: predicted boxes; {hits} of {len(judged)} detectors find the object that it shows."
    return Strip(pictures, caption)


def _choose(by_id: Mapping[str, Sequence[tuple[str, Path, Mapping[str, Any]]]]) -> tuple[str, Box | None]:
    """The object that about half of the methods find; of several the largest."""
    most = max(len({m for m, _, _ in entries}) for entries in by_id.values())
    best: tuple[int, float] = (-1, 0.0)
    chosen: tuple[str, Box | None] = (next(iter(by_id)), None)
    for name, entries in by_id.items():
        if len({m for m, _, _ in entries}) < most:
            continue
        for truth in entries[0][2].get("boxes_truth") or []:
            box = _as_box(truth)
            hits = sum(_finds(entry, box) for _, _, entry in entries)
            telling = (min(hits, len(entries) - hits), (box[2] - box[0]) * (box[3] - box[1]))
            if telling > best:
                best, chosen = telling, (name, box)
    return chosen


def _finds(entry: Mapping[str, Any], box: Box) -> bool:
    return any(_iou(_as_box(found), box) >= FOUND_IOU for found in _predicted(entry))


def _predicted(entry: Mapping[str, Any]) -> list[Sequence[Any]]:
    found: list[Sequence[Any]] = entry.get("boxes_predicted") or []
    return [b for b in found if len(b) < 6 or float(b[5]) >= SHOWN_CONFIDENCE]


def _as_box(box: Sequence[Any]) -> Box:
    return float(box[0]), float(box[1]), float(box[2]), float(box[3])


def _iou(a: Box, b: Box) -> float:
    width, height = min(a[2], b[2]) - max(a[0], b[0]), min(a[3], b[3]) - max(a[1], b[1])
    if width <= 0 or height <= 0:
        return 0.0
    areas = [(box[2] - box[0]) * (box[3] - box[1]) for box in (a, b)]
    return width * height / (areas[0] + areas[1] - width * height)


def _crop(box: Box | None, height: int, width: int) -> Box:
    """A square around the object, (left, top, right, bottom), inside the image where it fits."""
    x, y = ((box[0] + box[2]) / 2, (box[1] + box[3]) / 2) if box else (width / 2, height / 2)
    extent = max(box[2] - box[0], box[3] - box[1]) if box else min(height, width) / 2.5
    side = min(max(2.5 * extent, SMALLEST_CROP), height, width)
    left = min(max(x - side / 2, 0), width - side)
    top = min(max(y - side / 2, 0), height - side)
    return left, top, left + side, top + side


def _picture(
    name: str, folder: Path, entry: Mapping[str, Any], layer: str, crop: Box, judged: bool | None, box: Box | None
) -> Picture | None:
    from PIL import Image

    source = inside(folder, str(entry.get(layer, "")))
    if source is None:
        return None
    try:
        with Image.open(source) as opened:
            image = opened.convert("RGB")
    except (OSError, ValueError, Image.DecompressionBombError):
        return None
    scale = image.width / float(entry["size"][1])
    left, top, right, bottom = (round(v * scale) for v in crop)
    part = image.crop((left, top, right, bottom)).resize((SIDE, SIDE), Image.Resampling.LANCZOS)
    out = io.BytesIO()
    part.save(out, "WEBP", quality=82)
    boxes = tuple(b for found in _predicted(entry) if (b := _in_percent(_as_box(found), crop))) if judged else ()
    hit = _finds(entry, box) if judged and box is not None and "boxes_predicted" in entry else None
    return Picture(name, f"data:image/webp;base64,{base64.b64encode(out.getvalue()).decode()}", boxes, hit)


def _in_percent(box: Box, crop: Box) -> Box | None:
    side = crop[2] - crop[0]
    left, top = max(box[0], crop[0]) - crop[0], max(box[1], crop[1]) - crop[1]
    right, bottom = min(box[2], crop[2]) - crop[0], min(box[3], crop[3]) - crop[1]
    if right <= left or bottom <= top:
        return None
    return tuple(round(100 * v / side, 1) for v in (left, top, right - left, bottom - top))  # type: ignore[return-value]
