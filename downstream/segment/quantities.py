"""What the numbers of a segmentation are: label, unit and direction, stated once for records, console and report."""

from __future__ import annotations

from suite.rows import Quantity

PRIMARY = "miou"
"""The score that ranks fusers."""
QUANTITIES = {
    "miou": Quantity(label="mIoU", unit="fraction", higher_is_better=True),
    "iou": Quantity(label="IoU", unit="fraction", higher_is_better=True),
    "pixel_accuracy": Quantity(label="Pixel accuracy", unit="fraction", higher_is_better=True),
    "boundary_f1": Quantity(label="Boundary F1", unit="fraction", higher_is_better=True),
    "num_classes": Quantity(label="Classes", unit="count", higher_is_better=None),
}
"""By the part of a metric's key before the slash."""
