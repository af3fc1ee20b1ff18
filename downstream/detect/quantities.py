"""What the numbers of a detection are: label, unit and direction, stated once for records, console and report."""

from __future__ import annotations

from suite.rows import Quantity

PRIMARY = "map50"
"""The score that ranks fusers."""
QUANTITIES = {
    "map50": Quantity(label="mAP50", unit="fraction", higher_is_better=True),
    "map50_95": Quantity(label="mAP50-95", unit="fraction", higher_is_better=True),
    "precision": Quantity(label="Precision", unit="fraction", higher_is_better=True),
    "recall": Quantity(label="Recall", unit="fraction", higher_is_better=True),
    "f1": Quantity(label="F1", unit="fraction", higher_is_better=True),
    "ap50": Quantity(label="AP50", unit="fraction", higher_is_better=True),
    "ap50_95": Quantity(label="AP50-95", unit="fraction", higher_is_better=True),
}
"""By the part of a metric's key before the slash."""
