"""Label files to `Boxes` and back: Pascal VOC XML and YOLO text. Masks are image files and stay with `images`.

Boxes are `xyxy` in pixels with exclusive right and bottom edges. VOC coordinates are taken as edges, unshifted, as
LLVIP's and M3FD's own conversions do; where a tool counted pixels from 1, an edge may stick out by one pixel, which is
clipped. Anything further out is a problem.
"""

from __future__ import annotations

import hashlib
import math
import os
from collections.abc import Collection, Mapping, Sequence
from dataclasses import replace
from pathlib import Path
from xml.etree import ElementTree

from datasets.base import Boxes, Sample
from datasets.box_reading import BoxReading, Corners
from datasets.coco import read_coco
from datasets.label_files import LabelFileError, read_label_text, read_label_xml
from datasets.problems import Problem
from datasets.reading import SAME_SIZE
from suite.errors import ImageError

EVIDENCE = ("both", "infrared", "visible")
YOLO_COLUMNS = 5
SMALLEST_POLYGON = 7
"""Columns of a line with class and three corners, as ultralytics writes outlines."""
LARGEST_SIDE = 10**6
"""Pixels that a label file may state for a side."""


def read_voc(
    path: Path,
    classes: Sequence[str],
    size: tuple[int, int] | None = None,
    *,
    aliases: Mapping[str, str] | None = None,
    left_out: Collection[str] = (),
) -> tuple[Boxes, list[Problem]]:
    """The boxes of a Pascal VOC file, or what is wrong with it.

    Args:
        path: XML file with `size` and one `object` per box; an object may name its `evidence` (both, infrared,
            visible), which only the synthetic scenes know.
        classes: Known class names; case does not matter.
        size: (H, W) of the image; None takes what the file states.
        aliases: Other spellings of class names that the dataset's files contain, in lower case.
        left_out: Names of objects that the dataset does not count, in lower case.

    Returns:
        The boxes and no problem, or no boxes and every problem of the file with the number of its box (from 1).
    """
    reading = BoxReading(path, size or (0, 0))
    try:
        root = read_label_xml(path)
    except LabelFileError as error:
        reading.blame("unreadable label", str(error))
        return reading.result()
    reading.stated_size = stated_size(root)
    if size is None:
        if reading.stated_size is None:
            reading.blame("unreadable label", "has no usable <size><width><height>")
            return reading.result()
        reading.height, reading.width = reading.stated_size
    known = {name.casefold(): index for index, name in enumerate(classes)}
    for number, item in enumerate(root.iter("object"), start=1):
        name = (item.findtext("name") or "").strip()
        if name.casefold() in left_out:
            reading.num_left_out += 1
            continue
        name = (aliases or {}).get(name.casefold(), name)
        if name.casefold() not in known:
            reading.blame("unknown class", f"box {number}: unknown class {name!r}. Known: {', '.join(classes)}")
            continue
        corners, is_polygon = _voc_corners(item)
        reading.num_polygons += is_polygon
        if corners is None:
            reading.blame("unreadable label", f"box {number}: <bndbox> needs xmin, ymin, xmax, ymax as numbers")
            continue
        evidence = (item.findtext("evidence") or "").strip()
        if evidence and evidence not in EVIDENCE:
            reading.blame("unreadable label", f"box {number}: evidence {evidence!r}; known: {', '.join(EVIDENCE)}")
            continue
        reading.add(number, corners, known[name.casefold()], evidence)
    told = {bool(evidence) for _, _, evidence in reading.boxes}
    if len(told) > 1 and not reading.problems:
        reading.blame("unreadable label", "names the evidence of some boxes only; expected of all or of none")
    return reading.result()


def stated_size(root: ElementTree.Element) -> tuple[int, int] | None:
    """(H, W) as a VOC file states it, or None where it does not, or states zero."""
    try:
        height, width = (int(float(root.findtext(f"size/{key}") or "")) for key in ("height", "width"))
    except (ValueError, OverflowError):
        # `inf` and `1e400` are numbers to float, but no sizes.
        return None
    return (height, width) if 0 < height < LARGEST_SIDE and 0 < width < LARGEST_SIDE else None


def _voc_corners(item: ElementTree.Element) -> tuple[Corners | None, bool]:
    """The corners of an object, and whether they bound an outline of four points (x1, y1 to x4, y4)."""
    outline = item.find("polygon")
    if outline is not None:
        keys = [f"polygon/{axis}{number}" for number in range(1, 5) for axis in "xy"]
        values = _floats(item, keys)
        return (_polygon_corners(values) if values else None), True
    values = _floats(item, [f"bndbox/{key}" for key in ("xmin", "ymin", "xmax", "ymax")])
    return ((values[0], values[1], values[2], values[3]) if values else None), False


def _floats(item: ElementTree.Element, keys: Sequence[str]) -> list[float]:
    try:
        return [float(item.findtext(key) or "") for key in keys]
    except ValueError:
        return []


def read_yolo(path: Path, classes: Sequence[str], size: tuple[int, int]) -> tuple[Boxes, list[Problem]]:
    """The boxes of a YOLO text file, or what is wrong with it.

    Args:
        path: One line per box: class index, then centre x, centre y, width, height as fractions of the image; or class
            index and the corners x y of an outline, whose bounding box is taken. What follows a # is a comment. An
            empty file is an image without objects.
        classes: Class names, of which the lines hold the index.
        size: (H, W) of the image.

    Returns:
        The boxes and no problem, or no boxes and every problem of the file with the number of its line (from 1).
    """
    reading = BoxReading(path, size)
    try:
        lines = read_label_text(path).splitlines()
    except LabelFileError as error:
        reading.blame("unreadable label", str(error))
        return reading.result()
    for number, line in enumerate(lines, start=1):
        text = line.partition("#")[0].strip()
        if not text:
            continue
        values = _numbers(text)
        is_polygon = len(values) >= SMALLEST_POLYGON and len(values) % 2 == 1
        if not (len(values) == YOLO_COLUMNS or is_polygon) or not math.isfinite(values[0]):
            also = " (six columns: detections with their confidence are no labels)" if len(values) == 6 else ""
            reading.blame(
                "unreadable label", f"box {number}: expected 'class x y width height', got {text[:80]!r}{also}"
            )
            continue
        label = values[0]
        if label != int(label) or not 0 <= label < len(classes):
            known = ", ".join(f"{index} {name}" for index, name in enumerate(classes))
            reading.blame("unknown class", f"box {number}: unknown class {text.split()[0]}. Known: {known}")
            continue
        reading.num_polygons += is_polygon
        corners = _polygon_corners(values[1:]) if is_polygon else _box_corners(values[1:])
        x1, y1, x2, y2 = corners
        scaled = (x1 * reading.width, y1 * reading.height, x2 * reading.width, y2 * reading.height)
        reading.add(number, scaled, int(label))
    return reading.result()


def _numbers(text: str) -> list[float]:
    try:
        return [float(word) for word in text.split()]
    except ValueError:
        return []


def _box_corners(values: Sequence[float]) -> Corners:
    x, y, width, height = values
    return x - width / 2, y - height / 2, x + width / 2, y + height / 2


def _polygon_corners(values: Sequence[float]) -> Corners:
    xs, ys = values[::2], values[1::2]
    return min(xs), min(ys), max(xs), max(ys)


def yolo_lines(boxes: Boxes, size: tuple[int, int]) -> list[str]:
    """One YOLO line per box, without line ends: class, centre x, centre y, width, height as fractions of (H, W)."""
    height, width = size
    lines = []
    for (x1, y1, x2, y2), label in zip(boxes.xyxy, boxes.labels, strict=True):
        values = ((x1 + x2) / 2 / width, (y1 + y2) / 2 / height, (x2 - x1) / width, (y2 - y1) / height)
        lines.append(f"{label} " + " ".join(f"{value:.8f}" for value in values))
    return lines


def read_boxes(
    path: Path,
    classes: Sequence[str],
    sample: Sample,
    *,
    aliases: Mapping[str, str] | None = None,
    left_out: Collection[str] = (),
) -> tuple[Boxes, list[Problem]]:
    """The boxes of a VOC (.xml), COCO (.json) or YOLO (any other suffix) file, in pixels of the pair as it is read.

    VOC and COCO are judged by the size that they state (`check` compares it with the image). YOLO needs the size in the
    header of its image.
    """
    if path.suffix.lower() == ".xml":
        boxes, problems = read_voc(path, classes, aliases=aliases, left_out=left_out)
    elif path.suffix.lower() == ".json":
        boxes, problems = read_coco_boxes(path, classes, sample)
    else:
        boxes, problems = Boxes(), []
    if problems or (boxes.stated_size is not None and sample.reading.resize == SAME_SIZE):
        return boxes, problems
    from datasets.images import pair_size  # loads torch and OpenCV, which VOC and COCO do not need

    try:
        size = pair_size(sample)
    except ImageError as error:
        return Boxes(), [Problem(kind="unreadable image", id=sample.id, detail=str(error))]
    if boxes.stated_size is not None:
        return _scaled(boxes, boxes.stated_size, size), []
    return read_yolo(path, classes, size)


def read_coco_boxes(path: Path, classes: Sequence[str], sample: Sample) -> tuple[Boxes, list[Problem]]:
    """The boxes that a COCO file has for one pair, found by the name of its visible or infrared file."""
    try:
        file = read_coco(path)
    except LabelFileError as error:
        return Boxes(), [Problem(kind="unreadable label", id=sample.id, detail=f"{path.name} {error}")]
    names = (sample.visible.stem, sample.infrared.stem, sample.id)
    image = next((file.images[name] for name in names if name in file.images), None)
    if image is None:
        detail = f"{path.name} lists no image {' or '.join(dict.fromkeys(names))}"
        return Boxes(), [Problem(kind="image without label", id=sample.id, detail=detail)]
    known = {name.casefold(): index for index, name in enumerate(classes)}
    reading = BoxReading(path, image.size)
    reading.stated_size, reading.num_left_out = image.size, image.num_crowds
    for number, (label, x, y, width, height) in enumerate(image.boxes, start=1):
        name = file.classes[label]
        if name.casefold() not in known:
            reading.blame("unknown class", f"box {number}: unknown class {name!r}. Known: {', '.join(classes)}")
        else:
            reading.add(number, (x, y, x + width, y + height), known[name.casefold()])
    boxes, problems = reading.result()
    return boxes, [replace(problem, id=sample.id) for problem in problems]


def _scaled(boxes: Boxes, stated: tuple[int, int], size: tuple[int, int]) -> Boxes:
    down, across = size[0] / stated[0], size[1] / stated[1]
    corners = tuple((x1 * across, y1 * down, x2 * across, y2 * down) for x1, y1, x2, y2 in boxes.xyxy)
    return replace(boxes, xyxy=corners)


def describe_annotations(paths: Sequence[Path]) -> str:
    """Format, number of files and twelve hex digits over names and contents of a set of label files.

    Line ends do not count, since copies of one set differ in them.
    """
    digest = hashlib.sha256()
    paths = [path for path in paths if path.is_file()]  # a folder called x.xml is no label
    for path in sorted(paths, key=lambda p: p.name):
        digest.update(os.fsencode(path.name) + b"\0" + path.read_bytes().replace(b"\r\n", b"\n") + b"\0")
    suffixes = {path.suffix.lower() for path in paths}
    kind = "Pascal VOC" if ".xml" in suffixes else "COCO" if ".json" in suffixes else "YOLO"
    return f"{kind}, {len(paths)} files, set {digest.hexdigest()[:12]}"
