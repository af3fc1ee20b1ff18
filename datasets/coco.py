"""One COCO JSON file of boxes: what it says about each image, by the name of the image without folder and suffix."""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass
from functools import lru_cache
from pathlib import Path
from typing import Any

from datasets.label_files import LabelFileError
from suite.files import describe_irregular

LARGEST_JSON = 2**30
"""Bytes; the 2017 training set of COCO itself takes half of it."""


@dataclass(frozen=True, kw_only=True)
class CocoImage:
    """What is said about one image."""

    size: tuple[int, int]
    """(H, W) as stated."""
    boxes: tuple[tuple[int, float, float, float, float], ...]
    """Class index, x, y, width, height in pixels."""
    num_crowds: int = 0
    """Regions of many objects, which are no boxes of objects."""


@dataclass(frozen=True, kw_only=True)
class CocoFile:
    """A whole file."""

    classes: tuple[str, ...]
    """In the order of the category ids."""
    images: Mapping[str, CocoImage]
    """By name without folder and suffix."""


def read_coco(path: Path) -> CocoFile:
    """A COCO file; read once for each state of the file.

    Raises:
        LabelFileError: no regular file, too large, or not in the format; says where.
    """
    if irregular := describe_irregular(path):
        raise LabelFileError(irregular)
    status = path.stat()
    if status.st_size > LARGEST_JSON:
        raise LabelFileError(f"has {status.st_size / 2**30:.1f} GiB; at most {LARGEST_JSON / 2**30:.0f} are read")
    return _read(path, status.st_size, status.st_mtime_ns)


@lru_cache(maxsize=8)
def _read(path: Path, size: int, changed: int) -> CocoFile:
    try:
        content = json.loads(path.read_bytes())
    except (OSError, ValueError, RecursionError) as error:
        raise LabelFileError(f"cannot be read as JSON: {error}") from error
    try:
        return _parse(content)
    except (KeyError, TypeError, ValueError, OverflowError, AttributeError) as error:
        raise LabelFileError(
            f"is no COCO file ({type(error).__name__}: {error}); expected images, annotations and categories"
        ) from error


def _parse(content: Any) -> CocoFile:
    categories = sorted(content["categories"], key=lambda category: int(category["id"]))
    index_of = {int(category["id"]): index for index, category in enumerate(categories)}
    if len(index_of) < len(categories):
        raise ValueError("two categories have one id")
    boxes: dict[int, list[tuple[int, float, float, float, float]]] = {}
    crowds: dict[int, int] = {}
    for one in content["annotations"]:
        image = int(one["image_id"])
        if one.get("iscrowd"):
            crowds[image] = crowds.get(image, 0) + 1
            continue
        x, y, width, height = (float(value) for value in one["bbox"])
        boxes.setdefault(image, []).append((index_of[int(one["category_id"])], x, y, width, height))
    images: dict[str, CocoImage] = {}
    for one in content["images"]:
        name, number = Path(str(one["file_name"])).stem, int(one["id"])
        if name in images:
            raise ValueError(f"two images are called {name}")
        images[name] = CocoImage(
            size=(int(one["height"]), int(one["width"])),
            boxes=tuple(boxes.pop(number, ())),
            num_crowds=crowds.get(number, 0),
        )
    if boxes:
        raise ValueError(f"boxes of image {min(boxes)}, which is not among the images")
    return CocoFile(classes=tuple(str(category["name"]) for category in categories), images=images)
