"""What the report shows of a detector: predictions, the PR curve, and a few example pairs with their boxes."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from datasets.base import Boxes, PairedDataset, Sample
from datasets.images import pair_size, read_array, read_sample, to_uint8, write_image
from diffif.fusers.fused_set import FusedSet
from downstream.detect.matching import MAX_DETECTIONS, Detections
from suite.statistics.intervals import describe_draws

NUM_EXAMPLES = 8
LONGEST_SIDE = 640
SHOWN_CONFIDENCE = 0.25
"""Weaker predictions are kept in predictions.json but not drawn."""


def write_artefacts(
    folder: Path,
    dataset: PairedDataset,
    fused: FusedSet,
    detections: Sequence[Detections],
    pr_curve: Mapping[str, Any],
    replicates: Mapping[str, NDArray[np.float64]],
) -> None:
    """Fill a folder with pr_curve.json, bootstrap.json, predictions.json, truth.json, gallery.json and gallery/*.jpg.

    Args:
        folder: Exists and is empty.
        dataset: The test split.
        fused: Its fused images.
        detections: Per sample.
        pr_curve: Recall points and precision by class.
        replicates: Metric -> its value in every bootstrap resample.
    """
    write_replicates(folder, dataset, replicates)
    _write_json(folder / "pr_curve.json", pr_curve)
    classes = list(dataset.classes)
    by_id = {sample.id: found for sample, found in zip(dataset, detections, strict=True)}
    boxes = {sample_id: _predicted(found, 0.0)[:MAX_DETECTIONS] for sample_id, found in by_id.items()}
    _write_json(folder / "predictions.json", {"classes": classes, "images": boxes})
    truth = {sample.id: _true(sample.target) for sample in dataset}
    evidence = {sample.id: list(sample.target.evidence) for sample in dataset if isinstance(sample.target, Boxes)}
    _write_json(folder / "truth.json", {"classes": classes, "images": truth, "evidence": evidence})
    gallery = folder / "gallery"
    gallery.mkdir()
    entries = []
    for sample in example_samples(dataset):
        pictures = write_pictures(gallery, sample, fused)
        entries.append(
            {
                "id": sample.id,
                **pictures,
                "boxes_truth": _named(truth[sample.id], classes),
                "boxes_predicted": _named(_predicted(by_id[sample.id], SHOWN_CONFIDENCE), classes),
                "evidence": evidence.get(sample.id, []),
                "size": list(pair_size(sample)),
            }
        )
    _write_json(folder / "gallery.json", entries)


def write_replicates(folder: Path, dataset: PairedDataset, replicates: Mapping[str, NDArray[np.float64]]) -> None:
    """Write bootstrap.json: scores of the resamples, and what determines the images that were drawn."""
    num_resamples = max((len(values) for values in replicates.values()), default=0)
    draws = describe_draws(dataset.fingerprint, len(dataset), num_resamples)
    content = {name: np.round(values, 8).tolist() for name, values in replicates.items()}
    _write_json(folder / "bootstrap.json", {"draws": draws, "num_images": len(dataset), "replicates": content})


def example_samples(dataset: PairedDataset, count: int = NUM_EXAMPLES) -> list[Sample]:
    """Evenly spaced samples, those with objects first; the same for every fuser, so that they can be compared."""
    with_objects = [s for s in dataset if not (isinstance(s.target, Boxes) and len(s.target) == 0)]
    pool = with_objects or list(dataset)
    positions = np.linspace(0, len(pool) - 1, min(count, len(pool))).round().astype(int)
    return [pool[position] for position in positions]


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


def _predicted(found: Detections, confidence: float) -> list[list[float]]:
    order = np.argsort(-found.scores, kind="stable")
    return [
        [*(round(float(v), 2) for v in found.xyxy[i]), int(found.labels[i]), round(float(found.scores[i]), 6)]
        for i in order
        if found.scores[i] >= confidence
    ]


def _true(target: object) -> list[list[float]]:
    if not isinstance(target, Boxes):
        return []
    return [[*box, label] for box, label in zip(target.xyxy, target.labels, strict=True)]


def _named(boxes: Sequence[Sequence[float]], classes: Sequence[str]) -> list[list[Any]]:
    return [[*box[:4], classes[int(box[4])], *box[5:]] for box in boxes]


def _write_json(path: Path, content: object) -> None:
    path.write_text(json.dumps(content, separators=(",", ":")), encoding="utf-8")
