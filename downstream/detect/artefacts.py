"""What the report shows of a detector: predictions, the PR curve, and a few example pairs with their boxes."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from datasets.base import Boxes, PairedDataset
from datasets.images import pair_size
from diffif.fusers.fused_set import FusedSet
from downstream.detect.matching import MAX_DETECTIONS, Detections
from downstream.gallery import example_samples, write_compact_json, write_pictures, write_replicates

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
    write_compact_json(folder / "pr_curve.json", pr_curve)
    classes = list(dataset.classes)
    by_id = {sample.id: found for sample, found in zip(dataset, detections, strict=True)}
    boxes = {sample_id: _predicted(found, 0.0)[:MAX_DETECTIONS] for sample_id, found in by_id.items()}
    write_compact_json(folder / "predictions.json", {"classes": classes, "images": boxes})
    truth = {sample.id: _true(sample.target) for sample in dataset}
    evidence = {sample.id: list(sample.target.evidence) for sample in dataset if isinstance(sample.target, Boxes)}
    write_compact_json(folder / "truth.json", {"classes": classes, "images": truth, "evidence": evidence})
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
    write_compact_json(folder / "gallery.json", entries)


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
