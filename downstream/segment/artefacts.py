"""What the report shows of a segmentation: confusion counts and example pairs with truth, prediction and error map."""

from __future__ import annotations

import colorsys
import json
from collections.abc import Mapping
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from datasets.base import PairedDataset
from datasets.images import write_image
from diffif.fusers.fused_set import FusedSet
from downstream.gallery import example_samples, shrink, write_pictures, write_replicates
from downstream.segment.counts import Counts
from downstream.segment.segmenter import IGNORED, mask_of, read_mask

Ids = NDArray[np.uint8]
Pixels = NDArray[np.uint8]

GOLDEN_RATIO = 0.618034
LEFT_OUT_GREY = 60
ERROR_COLOUR = (214, 69, 65)
RIGHT_GREY = 225


def write_artefacts(
    folder: Path,
    dataset: PairedDataset,
    fused: FusedSet,
    predictions: Mapping[str, Ids],
    counts: Mapping[str, Counts],
    unlabelled: int | None,
    replicates: Mapping[str, NDArray[np.float64]],
) -> None:
    """Fill a folder with confusion.json, bootstrap.json, gallery.json and gallery/*.

    Args:
        folder: Exists and is empty.
        dataset: The test split.
        fused: Its fused images.
        predictions: Class ids of (at least) the example samples, by id.
        counts: Confusion counts by id.
        unlabelled: The class that is left out of the error map, or None.
        replicates: Metric -> its value in every bootstrap resample.
    """
    write_replicates(folder, dataset, replicates)
    confusion = np.sum(list(counts.values()), axis=0).sum(axis=0)
    content = {"classes": list(dataset.classes), "matrix": confusion.tolist(), "rows": "truth", "columns": "predicted"}
    (folder / "confusion.json").write_text(json.dumps(content), encoding="utf-8")
    gallery = folder / "gallery"
    gallery.mkdir()
    palette = class_colours(len(dataset.classes))
    entries = []
    for sample in example_samples(dataset):
        truth, _ = read_mask(mask_of(sample))
        predicted = predictions[sample.id]
        maps = {
            "mask_truth": colour_mask(truth, palette, unlabelled),
            "mask_predicted": colour_mask(predicted, palette, None),
            "mask_error": error_map(truth, predicted, unlabelled),
        }
        entry: dict[str, object] = {"id": sample.id, **write_pictures(gallery, sample, fused)}
        for kind, pixels in maps.items():
            target = gallery / f"{sample.id}.{kind}.png"
            write_image(target, shrink(pixels))
            entry[kind] = f"gallery/{target.name}"
        entries.append(entry | {"size": list(truth.shape)})
    (folder / "gallery.json").write_text(json.dumps(entries), encoding="utf-8")
    colours = {name: palette[index].tolist() for index, name in enumerate(dataset.classes)}
    (folder / "palette.json").write_text(json.dumps(colours), encoding="utf-8")


def class_colours(num_classes: int) -> Pixels:
    """Well separated colours, (C, 3) RGB: hues a golden ratio of the circle apart."""
    colours = [
        colorsys.hsv_to_rgb((index * GOLDEN_RATIO) % 1.0, 0.55 + 0.3 * (index % 2), 0.85)
        for index in range(num_classes)
    ]
    return np.round(np.array(colours) * 255).astype(np.uint8)


def colour_mask(ids: Ids, palette: Pixels, unlabelled: int | None) -> Pixels:
    """Class ids as colours, (H, W, 3); left-out pixels dark grey."""
    table = np.full((256, 3), LEFT_OUT_GREY, dtype=np.uint8)
    table[: len(palette)] = palette
    if unlabelled is not None:
        table[unlabelled] = LEFT_OUT_GREY
    return table[ids]


def error_map(truth: Ids, predicted: Ids, unlabelled: int | None) -> Pixels:
    """Right pixels light, wrong ones red, left-out ones dark, (H, W, 3)."""
    pixels = np.full((*truth.shape, 3), RIGHT_GREY, dtype=np.uint8)
    pixels[truth != predicted] = ERROR_COLOUR
    left_out = truth == IGNORED
    if unlabelled is not None:
        left_out |= truth == unlabelled
    pixels[left_out] = LEFT_OUT_GREY
    return pixels
