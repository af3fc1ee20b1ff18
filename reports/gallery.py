"""Example images for the page: small, each embedded once, with their boxes, masks and scores.

Records name their examples in `artefacts/gallery.json` (or `artefacts/gallery/gallery.json`); the same pair shown by
several tasks and fusers becomes one entry. What does not fit the size budget is left out, and the page says so.
"""

from __future__ import annotations

import base64
import hashlib
import io
import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING, Any

from reports.artefacts import artefact, inside, read_json
from reports.collect import Collection
from reports.labels import BASELINES, dataset_label

if TYPE_CHECKING:
    import pandas as pd

LONGEST_SIDE = 640
QUALITY = 80
MOST_IMAGES = 24
"""Pairs per dataset and split."""
BUDGET_BYTES = 9_000_000
"""Base64 characters of all pictures together; keeps ten fusers below 15 MB of page."""
SHOWN_CONFIDENCE = 0.25
GALLERY_FILES = ("gallery.json", "gallery/gallery.json")
MASK_ALPHA = 150
"""Of masks that come in colour, so that the picture shows through."""
MASK_COLOURS = (
    (0, 0, 0, 0), (128, 64, 128, 150), (244, 35, 232, 150), (90, 90, 90, 150), (250, 170, 30, 170), (220, 220, 0, 170),
    (107, 142, 35, 150), (70, 130, 180, 130), (220, 20, 60, 180), (0, 60, 200, 170), (0, 0, 110, 170),
    (0, 120, 140, 170), (119, 11, 150, 170), (0, 200, 170, 170), (190, 153, 153, 170),
)  # fmt: skip
MOST_ORDERS = 8
"""Scores by which the pairs can be ordered, at most."""


@dataclass
class GalleryPair:
    """One registered pair and what every method made of it."""

    id: str
    size: tuple[int, int]
    visible: int
    infrared: int
    fused: dict[str, int] = field(default_factory=dict)
    truth: list[list[Any]] = field(default_factory=list)
    predicted: dict[str, list[list[Any]]] = field(default_factory=dict)
    mask_truth: int | None = None
    mask_predicted: dict[str, int] = field(default_factory=dict)


@dataclass(frozen=True)
class Gallery:
    """All examples of the page."""

    sets: tuple[dict[str, Any], ...]
    """Plain data for the script: one entry per dataset and split."""
    pictures: tuple[str, ...]
    """Data URIs; entries refer to them by position."""
    omitted: int
    """Pairs left out for size."""
    longest_side: int = LONGEST_SIDE

    @property
    def data(self) -> dict[str, Any]:
        """What the page's script reads."""
        return {"sets": list(self.sets), "pictures": list(self.pictures)}


def build_gallery(collection: Collection, *, budget: int = BUDGET_BYTES) -> Gallery:
    """Gather, shrink and embed the examples of all records."""
    found = gallery_entries(collection)
    pictures = _Pictures()
    sets: dict[tuple[str, str], dict[str, GalleryPair]] = {}
    omitted = 0
    for place in range(max((len(ids) for ids in found.values()), default=0)):
        for key, ids in found.items():
            names = list(ids)
            if place >= len(names):
                continue
            if place >= MOST_IMAGES or pictures.size >= budget:
                omitted += 1
                continue
            pair = _pair(names[place], ids[names[place]], pictures)
            if pair is not None:
                sets.setdefault(key, {})[pair.id] = pair
    shown = tuple(_set(key, pairs, collection) for key, pairs in sets.items())
    return Gallery(shown, tuple(pictures.uris), omitted)


class _Pictures:
    """Embedded pictures, each content once."""

    def __init__(self) -> None:
        self.uris: list[str] = []
        self.size = 0
        self._places: dict[str, int] = {}

    def add(self, path: Path | None) -> int | None:
        """The position of a photograph; None if the file is not there or is no picture."""
        return self._add(path, _photograph, "image/webp")

    def add_mask(self, path: Path | None) -> int | None:
        """The position of a mask, in the colours of its classes."""
        return self._add(path, _mask, "image/png")

    def _add(self, path: Path | None, encode: Any, kind: str) -> int | None:
        if path is None:
            return None
        content = path.read_bytes()
        key = kind + hashlib.sha256(content).hexdigest()
        if key not in self._places:
            try:
                uri = f"data:{kind};base64,{base64.b64encode(encode(content)).decode()}"
            except (OSError, ValueError, SyntaxError):
                return None
            self._places[key] = len(self.uris)
            self.uris.append(uri)
            self.size += len(uri)
        return self._places[key]


Examples = dict[str, list[tuple[str, Path, dict[str, Any]]]]
"""Image id -> (method, folder, entry)."""
FIELDS = {"id", "visible", "infrared", "fused", "size"}


def gallery_entries(collection: Collection) -> dict[tuple[str, str], Examples]:
    """The examples of every (dataset, split), ids that most methods have first; damaged entries are left out."""
    found: dict[tuple[str, str], Examples] = {}
    owners = collection.owners
    ablated = set(collection.rows.loc[collection.rows["variant"] != "full", "method"])
    for cell, record in collection.records.items():
        context, method = owners[cell]
        if method in ablated:
            continue
        for name in GALLERY_FILES:
            source, content = artefact(record, name), read_json(record, name)
            if source is None or not isinstance(content, list):
                continue
            for entry in content:
                if isinstance(entry, dict) and set(entry) >= FIELDS:
                    by_id = found.setdefault((context.dataset, context.split), {})
                    by_id.setdefault(str(entry["id"]), []).append((method, source.parent, entry))
            break
    return {
        key: dict(sorted(by_id.items(), key=lambda item: (-len({m for m, _, _ in item[1]}), item[0])))
        for key, by_id in sorted(found.items())
    }


def _pair(name: str, entries: Sequence[tuple[str, Path, dict[str, Any]]], pictures: _Pictures) -> GalleryPair | None:
    _, folder, first = entries[0]
    visible, infrared = (
        pictures.add(inside(folder, str(first["visible"]))),
        pictures.add(inside(folder, str(first["infrared"]))),
    )
    if visible is None or infrared is None:
        return None
    pair = GalleryPair(name, (int(first["size"][0]), int(first["size"][1])), visible, infrared)
    for method, folder, entry in entries:
        fused = pictures.add(inside(folder, str(entry["fused"]))) if method not in pair.fused else None
        if fused is not None:
            pair.fused[method] = fused
        pair.truth = pair.truth or [_rounded(box) for box in entry.get("boxes_truth", [])]
        predicted = [_rounded(box) for box in entry.get("boxes_predicted", [])]
        if predicted and method not in pair.predicted:
            pair.predicted[method] = [b for b in predicted if len(b) < 6 or b[5] >= SHOWN_CONFIDENCE]
        if entry.get("mask_truth") and pair.mask_truth is None:
            pair.mask_truth = pictures.add_mask(inside(folder, str(entry["mask_truth"])))
        mask = pictures.add_mask(inside(folder, str(entry["mask_predicted"]))) if entry.get("mask_predicted") else None
        if mask is not None and method not in pair.mask_predicted:
            pair.mask_predicted[method] = mask
    return pair


def _set(key: tuple[str, str], pairs: Mapping[str, GalleryPair], collection: Collection) -> dict[str, Any]:
    names = list(pairs)
    orders = _orders(key, names, collection)
    present = [m for m in collection.methods if any(m in pair.fused for pair in pairs.values())]
    return {
        "name": f"{dataset_label(key[0])}, {key[1]}",
        "methods": present,
        "start": _leader(orders, present),
        "pairs": [
            {
                "id": pair.id, "size": list(pair.size), "visible": pair.visible, "infrared": pair.infrared,
                "fused": pair.fused, "truth": pair.truth, "predicted": pair.predicted,
                "maskTruth": pair.mask_truth, "maskPredicted": pair.mask_predicted,
            }
            for pair in pairs.values()
        ],
        "orders": orders,
    }  # fmt: skip


def _leader(orders: Sequence[dict[str, Any]], present: Sequence[str]) -> str:
    """The fuser to show first: the best of the first score, else any that is no source."""
    fused = [m for m in present if m not in BASELINES] or list(present)
    means = orders[0]["means"] if orders else {}
    return max(fused, key=lambda m: means.get(m, -math.inf), default="")


def _orders(key: tuple[str, str], names: Sequence[str], collection: Collection) -> list[dict[str, Any]]:
    """For each per-image score and method: the pairs from worst to best, and each score as text."""
    rows = collection.per_image
    rows = rows[(rows["dataset"] == key[0]) & (rows["split"] == key[1]) & rows["id"].isin(list(names))]
    orders = []
    for metric in _order_metrics(rows, collection):
        table = rows[rows["metric"] == metric].groupby(["method", "id"])["value"].mean()
        label = collection.labels[metric]
        decimals = label.decimals_for(table)
        by_method = {}
        for method in dict.fromkeys(table.index.get_level_values("method")):
            values = {str(i): float(v) for i, v in table[method].items() if math.isfinite(float(v))}
            ranked = sorted(values, key=lambda name, values=values: values[name])
            texts = {str(names.index(n)): label.with_unit(v, decimals) for n, v in values.items()}
            by_method[str(method)] = {"order": [names.index(n) for n in ranked], "texts": texts}
        means = {str(m): float(v) for m, v in table.groupby(level="method").mean().items()}
        orders.append({"label": label.text, "methods": by_method, "means": means})
    return orders


def _order_metrics(rows: pd.DataFrame, collection: Collection) -> list[str]:
    """The per-image scores with a direction, those that rank a task first."""
    stated = collection.rows[collection.rows["higher_is_better"].notna()]
    primary = [str(m) for m in dict.fromkeys(stated["primary"]) if m]
    known = set(rows["metric"])
    return [m for m in dict.fromkeys([*primary, *stated["metric"]]) if m in known][:MOST_ORDERS]


def _photograph(content: bytes) -> bytes:
    from PIL import Image

    with Image.open(io.BytesIO(content)) as opened:
        image = opened.convert("RGB")
        image.thumbnail((LONGEST_SIDE, LONGEST_SIDE), Image.Resampling.LANCZOS)
        out = io.BytesIO()
        image.save(out, "WEBP", quality=QUALITY, method=4)
    return out.getvalue()


def _mask(content: bytes) -> bytes:
    from PIL import Image

    with Image.open(io.BytesIO(content)) as opened:
        mask = opened.convert("RGBA") if opened.mode in ("RGB", "RGBA") else _coloured(opened.convert("L"))
        if opened.mode == "RGB":
            mask.putalpha(MASK_ALPHA)
        mask.thumbnail((LONGEST_SIDE, LONGEST_SIDE), Image.Resampling.NEAREST)
        out = io.BytesIO()
        mask.save(out, "PNG", optimize=True)
    return out.getvalue()


def _coloured(mask: Any) -> Any:
    """Class ids as translucent colours; an id beyond the table takes a colour again."""
    import numpy as np
    from PIL import Image

    table = np.array(
        [MASK_COLOURS[i if i < len(MASK_COLOURS) else 1 + i % (len(MASK_COLOURS) - 1)] for i in range(256)]
    )
    table[255] = 0
    return Image.fromarray(table[np.asarray(mask)].astype("uint8"), "RGBA")


def _rounded(box: Sequence[Any]) -> list[Any]:
    return [round(v, 2) if isinstance(v, float) else v for v in box]
