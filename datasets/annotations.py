"""Label files to `Boxes` and back: Pascal VOC XML and YOLO text. Masks are image files and stay with `images`.

Boxes are `xyxy` in pixels with exclusive right and bottom edges. VOC coordinates are taken as edges, unshifted, as
LLVIP's and M3FD's own conversions do; where a tool counted pixels from 1, an edge may stick out by one pixel, which is
clipped. Anything further out is a problem.
"""

from __future__ import annotations

import hashlib
import math
import os
from collections.abc import Sequence
from pathlib import Path
from xml.etree import ElementTree

from datasets.base import Boxes
from datasets.label_files import LabelFileError, read_label_text, read_label_xml
from datasets.problems import Problem, ProblemKind
from suite.errors import ImageError

EVIDENCE = ("both", "infrared", "visible")
EDGE_TOLERANCE = 1.0
"""Pixels a box may stick out before it is a problem; see the module's description."""
YOLO_COLUMNS = 5
SMALLEST_POLYGON = 7
"""Columns of a line with class and three corners, as ultralytics writes outlines."""
LARGEST_SIDE = 10**6
"""Pixels that a label file may state for a side."""

Corners = tuple[float, float, float, float]


class _Reading:
    # The boxes and problems of one label file, while it is read.
    def __init__(self, path: Path, size: tuple[int, int]) -> None:
        self.path = path
        self.height, self.width = size
        self.stated_size: tuple[int, int] | None = None
        self.boxes: dict[tuple[Corners, int, str], None] = {}
        self.num_repeated = 0
        self.num_polygons = 0
        self.problems: list[Problem] = []

    def blame(self, kind: ProblemKind, detail: str) -> None:
        self.problems.append(Problem(kind=kind, id=self.path.stem, detail=f"{self.path.name} {detail}"))

    def add(self, number: int, corners: Corners, label: int, evidence: str = "") -> None:
        x1, y1, x2, y2 = corners
        shown = ", ".join(f"{value:g}" for value in corners)
        if not all(math.isfinite(value) for value in corners):
            self.blame("box outside", f"box {number}: ({shown}) holds a value that is not a finite number")
        elif x1 >= x2 or y1 >= y2:
            self.blame("box outside", f"box {number}: ({shown}) is empty; expected xmin < xmax and ymin < ymax")
        elif (
            min(x1, y1) < -EDGE_TOLERANCE
            or x2 > self.width + EDGE_TOLERANCE
            or y2 > self.height + EDGE_TOLERANCE
            or x1 >= self.width
            or y1 >= self.height
        ):
            size = f"{self.height}x{self.width} (HxW)"
            self.blame("box outside", f"box {number}: ({shown}) reaches outside the image of {size}")
        else:
            clipped = (max(x1, 0.0), max(y1, 0.0), min(x2, float(self.width)), min(y2, float(self.height)))
            # Exactly equal boxes are one object written twice, as by a converter that was run twice and appends.
            # Nearly equal ones stay: two people one behind the other.
            self.num_repeated += (clipped, label, evidence) in self.boxes
            self.boxes[clipped, label, evidence] = None

    def result(self) -> tuple[Boxes, list[Problem]]:
        if self.problems:
            return Boxes(), self.problems
        boxes = Boxes(
            xyxy=tuple(corners for corners, _, _ in self.boxes),
            labels=tuple(label for _, label, _ in self.boxes),
            evidence=tuple(evidence for _, _, evidence in self.boxes if evidence),
            num_repeated=self.num_repeated,
            num_polygons=self.num_polygons,
            stated_size=self.stated_size,
        )
        return boxes, []


def read_voc(path: Path, classes: Sequence[str], size: tuple[int, int] | None = None) -> tuple[Boxes, list[Problem]]:
    """The boxes of a Pascal VOC file, or what is wrong with it.

    Args:
        path: XML file with `size` and one `object` per box; an object may name its `evidence` (both, infrared,
            visible), which only the synthetic scenes know.
        classes: Known class names; case does not matter.
        size: (H, W) of the image; None takes what the file states.

    Returns:
        The boxes and no problem, or no boxes and every problem of the file with the number of its box (from 1).
    """
    reading = _Reading(path, size or (0, 0))
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
        if name.casefold() not in known:
            reading.blame("unknown class", f"box {number}: unknown class {name!r}. Known: {', '.join(classes)}")
            continue
        corners = _voc_corners(item)
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


def _voc_corners(item: ElementTree.Element) -> Corners | None:
    try:
        x1, y1, x2, y2 = (float(item.findtext(f"bndbox/{key}") or "") for key in ("xmin", "ymin", "xmax", "ymax"))
    except ValueError:
        return None
    return x1, y1, x2, y2


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
    reading = _Reading(path, size)
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


def read_boxes(path: Path, classes: Sequence[str], image: Path) -> tuple[Boxes, list[Problem]]:
    """The boxes of a VOC (.xml) or YOLO (any other suffix) file, or what is wrong with it.

    VOC is judged by the size that it states (`check` compares it with the image). YOLO needs the size in the header of
    its image.
    """
    if path.suffix.lower() == ".xml":
        return read_voc(path, classes)
    from datasets.images import read_size  # loads torch and OpenCV, which VOC does not need

    try:
        size = read_size(image)
    except ImageError as error:
        return Boxes(), [Problem(kind="unreadable image", id=path.stem, detail=str(error))]
    return read_yolo(path, classes, size)


def describe_annotations(paths: Sequence[Path]) -> str:
    """Format, number of files and twelve hex digits over names and contents of a set of label files.

    Line ends do not count, since copies of one set differ in them.
    """
    digest = hashlib.sha256()
    paths = [path for path in paths if path.is_file()]  # a folder called x.xml is no label
    for path in sorted(paths, key=lambda p: p.name):
        digest.update(os.fsencode(path.name) + b"\0" + path.read_bytes().replace(b"\r\n", b"\n") + b"\0")
    kind = "Pascal VOC" if any(path.suffix.lower() == ".xml" for path in paths) else "YOLO"
    return f"{kind}, {len(paths)} files, set {digest.hexdigest()[:12]}"
