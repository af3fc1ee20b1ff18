"""Boxes and masks of a painted canvas: what is really seen of each object, to the pixel, and its VOC file."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from xml.etree import ElementTree

import numpy as np
from numpy.typing import NDArray

from datasets.synthetic.canvas import SUPERSAMPLING, Canvas

SMALLEST_AREA = 24
"""Pixels; an object of which less is seen gets no box."""
SMALLEST_SHARE = 0.35
"""Share of an object's silhouette that must be seen for it to get a box."""


@dataclass(frozen=True, kw_only=True)
class LabelledObject:
    """One labelled object as seen in the image."""

    name: str
    """A class of `BOX_CLASSES`."""
    evidence: str
    """"both", "infrared" or "visible"."""
    box: tuple[int, int, int, int]
    """xyxy in pixels, right and bottom exclusive; it bounds exactly the object's pixels in the mask."""
    truncated: bool
    """It touches the border of the image."""


def find_objects(
    canvas: Canvas, labelled: Mapping[int, tuple[str, str, int]]
) -> tuple[NDArray[np.uint8], NDArray[np.uint8], tuple[LabelledObject, ...]]:
    """(class mask, evidence mask, objects) at output size.

    Args:
        canvas: With everything painted.
        labelled: Instance number -> class, evidence, pixels of the whole silhouette (supersampled).
    """
    step = SUPERSAMPLING
    mask, evidence, instances = (
        np.ascontiguousarray(layer[step // 2 :: step, step // 2 :: step])
        for layer in (canvas.labels, canvas.evidence, canvas.instances)
    )
    height, width = mask.shape
    found = []
    for number, (name, kind, whole) in labelled.items():
        seen = instances == number
        area = int(seen.sum())
        if area < SMALLEST_AREA or area * step**2 < SMALLEST_SHARE * whole:
            evidence[seen] = 0
            continue
        rows, columns = np.flatnonzero(seen.any(axis=1)), np.flatnonzero(seen.any(axis=0))
        box = (int(columns[0]), int(rows[0]), int(columns[-1]) + 1, int(rows[-1]) + 1)
        border = box[0] == 0 or box[1] == 0 or box[2] == width or box[3] == height
        found.append(LabelledObject(name=name, evidence=kind, box=box, truncated=border))
    return mask, evidence, tuple(found)


def to_voc(filename: str, height: int, width: int, objects: Sequence[LabelledObject]) -> str:
    """A Pascal VOC annotation as LLVIP writes it, with an <evidence> for each object."""
    root = ElementTree.Element("annotation")
    for key, value in (("folder", "visible"), ("filename", filename)):
        ElementTree.SubElement(root, key).text = value
    size = ElementTree.SubElement(root, "size")
    for key, number in (("width", width), ("height", height), ("depth", 3)):
        ElementTree.SubElement(size, key).text = str(number)
    ElementTree.SubElement(root, "segmented").text = "1"
    for found in objects:
        node = ElementTree.SubElement(root, "object")
        texts = {"name": found.name, "pose": "Unspecified", "truncated": str(int(found.truncated)), "difficult": "0"}
        for key, text in (*texts.items(), ("evidence", found.evidence)):
            ElementTree.SubElement(node, key).text = text
        bounds = ElementTree.SubElement(node, "bndbox")
        for key, number in zip(("xmin", "ymin", "xmax", "ymax"), found.box, strict=True):
            ElementTree.SubElement(bounds, key).text = str(number)
    ElementTree.indent(root)
    return ElementTree.tostring(root, encoding="unicode") + "\n"
