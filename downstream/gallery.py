"""What the report shows of any task that looks at images: example pairs, and the scores of bootstrap resamples."""

from __future__ import annotations

import json
from collections.abc import Mapping
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from datasets.base import Boxes, PairedDataset, Sample
from datasets.images import pair_size, read_array, read_sample, to_uint8, write_image
from diffif.fusers.fused_set import FusedSet
from suite.statistics.intervals import describe_draws

NUM_EXAMPLES = 8
LONGEST_SIDE = 640


def write_replicates(folder: Path, dataset: PairedDataset, replicates: Mapping[str, NDArray[np.float64]]) -> None:
    """Write bootstrap.json: scores of the resamples, and what determines the images that were drawn."""
    num_resamples = max((len(values) for values in replicates.values()), default=0)
    # The same images are drawn whatever was done to them, so that corrupted and clean scores are compared pair by pair.
    draws = describe_draws(dataset.clean.fingerprint, len(dataset), num_resamples)
    content = {name: np.round(values, 8).tolist() for name, values in replicates.items()}
    write_compact_json(folder / "bootstrap.json", {"draws": draws, "num_images": len(dataset), "replicates": content})


def example_samples(dataset: PairedDataset, count: int = NUM_EXAMPLES) -> list[Sample]:
    """Evenly spaced samples, those with objects first; the same for every fuser, so that they can be compared."""
    with_objects = [s for s in dataset if not (isinstance(s.target, Boxes) and len(s.target) == 0)]
    pool = with_objects or list(dataset)
    positions = np.linspace(0, len(pool) - 1, min(count, len(pool))).round().astype(int)
    return [pool[position] for position in positions]


def write_examples(folder: Path, dataset: PairedDataset, fused: FusedSet) -> None:
    """Write gallery.json and gallery/*.jpg: example pairs and their fused images, without boxes or masks."""
    gallery = folder / "gallery"
    gallery.mkdir()
    entries = [
        {"id": sample.id, **write_pictures(gallery, sample, fused), "size": list(pair_size(sample))}
        for sample in example_samples(dataset)
    ]
    write_compact_json(folder / "gallery.json", entries)


def write_pictures(folder: Path, sample: Sample, fused: FusedSet) -> dict[str, str]:
    """Small JPEGs of one pair and its fused image; returns their paths relative to the folder above."""
    visible, infrared = (to_uint8(image) for image in read_sample(sample))
    shown = {"visible": visible, "infrared": infrared, "fused": read_array(fused.image(sample.id))}
    pictures = {}
    for kind, pixels in shown.items():
        target = folder / f"{sample.id}.{kind}.jpg"
        write_image(target, shrink(pixels))
        pictures[kind] = f"{folder.name}/{target.name}"
    return pictures


def shrink(pixels: NDArray[np.uint8], longest: int = LONGEST_SIDE) -> NDArray[np.uint8]:
    """The image with its longer side at most `longest` pixels."""
    import cv2

    height, width = pixels.shape[:2]
    scale = longest / max(height, width)
    if scale >= 1:
        return pixels
    size = (max(round(width * scale), 1), max(round(height * scale), 1))
    return np.asarray(cv2.resize(pixels, size, interpolation=cv2.INTER_AREA), dtype=np.uint8)


def write_compact_json(path: Path, content: object) -> None:
    """Write JSON without spaces."""
    path.write_text(json.dumps(content, separators=(",", ":")), encoding="utf-8")
