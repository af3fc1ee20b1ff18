"""The boxes of one label file while they are read: in pixels, inside the image, each once."""

from __future__ import annotations

import math
from pathlib import Path

from datasets.base import Boxes
from datasets.problems import Problem, ProblemKind

EDGE_TOLERANCE = 1.0
"""Pixels a box may stick out before it is a problem, since some tools count pixels from 1; it is clipped."""

Corners = tuple[float, float, float, float]


class BoxReading:
    """The boxes and problems of one label file, while it is read.

    Args:
        path: The file, for messages.
        size: (H, W) of the image that the boxes lie in.
    """

    def __init__(self, path: Path, size: tuple[int, int]) -> None:
        self.path = path
        self.height, self.width = size
        self.stated_size: tuple[int, int] | None = None
        self.boxes: dict[tuple[Corners, int, str], None] = {}
        self.num_repeated = 0
        self.num_polygons = 0
        self.num_left_out = 0
        self.problems: list[Problem] = []

    def blame(self, kind: ProblemKind, detail: str) -> None:
        """Note a problem of the file."""
        self.problems.append(Problem(kind=kind, id=self.path.stem, detail=f"{self.path.name} {detail}"))

    def add(self, number: int, corners: Corners, label: int, evidence: str = "") -> None:
        """Take a box, or note what is wrong with it; one that stands twice counts once."""
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
        """The boxes and no problem, or no boxes and every problem."""
        if self.problems:
            return Boxes(), self.problems
        boxes = Boxes(
            xyxy=tuple(corners for corners, _, _ in self.boxes),
            labels=tuple(label for _, label, _ in self.boxes),
            evidence=tuple(evidence for _, _, evidence in self.boxes if evidence),
            num_repeated=self.num_repeated,
            num_polygons=self.num_polygons,
            num_left_out=self.num_left_out,
            stated_size=self.stated_size,
        )
        return boxes, []
