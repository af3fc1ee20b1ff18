"""Scores of image files: matches the three images of each pair by name, and scores them.

Matched by name and never by sorted position: one missing file must not shift every pair after it.
"""

from __future__ import annotations

import math
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path

import torch
from torch import Tensor

from datasets.base import IMAGE_SUFFIXES
from diffif.metrics.evaluation import evaluate
from diffif.metrics.metric import Metric
from suite.errors import DatasetError, list_offenders


@dataclass(frozen=True)
class ImageFiles:
    """The three files of one scored image."""

    name: str
    fused: Path
    visible: Path
    infrared: Path


@dataclass(frozen=True)
class ImageScores:
    """The scores of one image; nan where a metric is undefined."""

    name: str
    convention: str
    scores: dict[str, float]


def match_files(fused: Path, visible: Path, infrared: Path) -> list[ImageFiles]:
    """Match three files, or the images of three folders by the name without its suffix.

    Args:
        fused: A fused image, or a folder of them; every one needs both its sources, other sources are left out.
        visible: A visible image, or a folder of them.
        infrared: Likewise.

    Raises:
        DatasetError: a path does not exist, files and folders are mixed, two files share a name, a source is missing.
    """
    paths = {"fused": fused, "visible": visible, "infrared": infrared}
    for name, path in paths.items():
        if not path.exists():
            raise DatasetError(f"{name}: there is no {path}. Pass an image file or a folder of images.")
    folders = [name for name, path in paths.items() if path.is_dir()]
    if not folders:
        return [ImageFiles(fused.stem, fused, visible, infrared)]
    if len(folders) < len(paths):
        raise DatasetError(f"{', '.join(folders)} is a folder, the others not. Pass three files or three folders.")
    fuseds, visibles, infrareds = (_images_by_name(path) for path in paths.values())
    if not fuseds:
        raise DatasetError(f"no image in {fused}. Expected files ending in {', '.join(IMAGE_SUFFIXES)}.")
    missing = [f"{name}: no visible image" for name in fuseds if name not in visibles]
    missing += [f"{name}: no infrared image" for name in fuseds if name not in infrareds]
    if missing:
        raise DatasetError(
            f"{len(missing)} sources of the images in {fused} are missing:\n{list_offenders(missing)}\n"
            "A fused image has the name of its sources; the suffix may differ."
        )
    return [ImageFiles(name, fuseds[name], visibles[name], infrareds[name]) for name in fuseds]


def _images_by_name(folder: Path) -> dict[str, Path]:
    found: dict[str, Path] = {}
    for path in sorted(folder.iterdir()):
        if path.suffix.lower() not in IMAGE_SUFFIXES:
            continue
        if path.stem in found:
            raise DatasetError(f"{folder}: {found[path.stem].name} and {path.name} share a name. Remove one of them.")
        found[path.stem] = path
    return found


def score_files(
    files: Iterable[ImageFiles], *, metrics: Sequence[str | Metric], convention: str
) -> Iterator[ImageScores]:
    """Score images one by one.

    Raises:
        ImageError: an image cannot be read, or the three differ in size.
        SettingsError: the convention does not define one of the metrics.
        UnknownName: no such metric or convention.
    """
    for entry in files:
        images = (_read(path) for path in (entry.fused, entry.visible, entry.infrared))
        scores = evaluate(*images, metrics=metrics, convention=convention)
        yield ImageScores(entry.name, convention, {name: value.item() for name, value in scores.items()})


def _read(path: Path) -> Tensor:
    """One image as it was stored, grey or colour: the convention decides what is made of colour."""
    from datasets.images import read_array, to_tensor

    pixels = read_array(path)
    return to_tensor(pixels, "grey" if pixels.ndim == 2 else "rgb")


def mean_scores(rows: Sequence[ImageScores]) -> dict[str, float]:
    """Mean of each metric over the images where it is a finite number; nan if there is none.

    One fused image that equals a source has an infinite PSNR, which would swallow the mean of all others.
    """
    if not rows:
        return {}
    table = {name: torch.tensor([row.scores[name] for row in rows], dtype=torch.float64) for name in rows[0].scores}
    return {name: values[values.isfinite()].mean().item() for name, values in table.items()}


def count_finite(rows: Sequence[ImageScores]) -> dict[str, int]:
    """Over how many images the mean of each metric is taken."""
    return {name: sum(math.isfinite(row.scores[name]) for row in rows) for name in (rows[0].scores if rows else ())}
