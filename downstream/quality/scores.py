"""Values of image metrics, kept per image, so that no metric of a fused image is ever computed twice.

    <work>/scores/<fused set's fingerprint>-<convention>.jsonl    one line per image: [id, {metric: value}]

A line is appended when an image is scored; another list of metrics, or a resumed command, computes what is missing.
"""

from __future__ import annotations

import json
import warnings
from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING

from filelock import FileLock

from datasets.base import PairedDataset, Sample
from datasets.images import read_image, read_sample
from diffif.fusers.fused_set import FusedSet
from suite.files import make_dir, write_text

if TYPE_CHECKING:
    import pandas as pd

Values = dict[str, dict[str, float]]

MOST_NAMED = 10
SCORES_VERSION = 1
"""Raised whenever a metric's code changes its values."""


def score_images(
    dataset: PairedDataset,
    fused: FusedSet,
    metrics: Sequence[str],
    convention: str,
    workdir: Path,
    *,
    reference: str = "clean",
    device: str = "cpu",
    progress: bool = True,
) -> Values:
    """Every metric of every fused image, by id and metric.

    Args:
        dataset: The pairs.
        fused: Their fused images.
        metrics: Names that the convention defines.
        convention: Of the metrics.
        workdir: The working folder.
        reference: "clean": sources as the files hold them; "corrupted": as they were fused.
        device: Where metrics are computed.
        progress: Show a bar.
    """
    from rich.progress import track

    corrupted = any(sample.condition is not None for sample in dataset)
    against = "-corrupted" if corrupted and reference == "corrupted" else ""
    dataset = dataset if against else dataset.clean
    store = make_dir(workdir / "scores") / f"{fused.fingerprint}-{convention}{against}-{SCORES_VERSION}.jsonl"
    # A cell with another list of metrics may be at work on the same images: it waits, then reads.
    with FileLock(f"{store}.lock"):
        known = read_scores(store)
        waiting = [
            (sample, missing)
            for sample in dataset
            if (missing := [name for name in metrics if name not in known.get(sample.id, {})])
        ]
        with store.open("a", encoding="utf-8") as log:
            shown = track(waiting, description=f"score {dataset.name}/{dataset.split}", disable=not progress)
            for sample, missing in shown:
                values = score_sample(sample, fused.image(sample.id), missing, convention, device)
                known.setdefault(sample.id, {}).update(values)
                log.write(json.dumps([sample.id, values]) + "\n")
                log.flush()
    return known


def score_sample(
    sample: Sample, image_path: Path, metrics: Sequence[str], convention: str, device: str
) -> dict[str, float]:
    """Metrics of one fused image; nan where one is undefined, `undefined_notes` says of how many images."""
    from diffif.metrics import UndefinedMetric, evaluate

    visible, infrared = read_sample(sample)
    image = read_image(image_path, "rgb")
    images = (tensor.to(device) for tensor in (image, visible, infrared))
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", UndefinedMetric)
        scores = evaluate(*images, metrics=tuple(metrics), convention=convention)
    return dict(zip(metrics, map(float, scores.values()), strict=True))


def undefined_notes(per_image: pd.DataFrame) -> tuple[str, ...]:
    """For each metric that is undefined for some images: which ones they are, up to ten.

    Args:
        per_image: Columns id, metric, value.
    """
    notes = []
    for metric, rows in per_image[per_image["value"].isna()].groupby("metric", sort=False):
        number, of = len(rows), int((per_image["metric"] == metric).sum())
        named = ", ".join(rows["id"].head(MOST_NAMED)) + (", and more" if number > MOST_NAMED else "")
        notes.append(f"{metric} is undefined for {number} of {of} images, which are left out of its mean: {named}.")
    return tuple(notes)


def read_scores(store: Path) -> Values:
    """What is known so far, by id and metric."""
    known: Values = {}
    if not store.is_file():
        return known
    text = store.read_text(encoding="utf-8")
    whole = text[: text.rfind("\n") + 1]
    if whole != text:
        # The last line was cut off by a kill; what follows must begin on a line of its own.
        write_text(store, whole)
    for sample_id, values in map(json.loads, whole.splitlines()):
        known.setdefault(sample_id, {}).update(values)
    return known
