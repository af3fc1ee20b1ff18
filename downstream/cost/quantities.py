"""What the numbers of a cost measurement are: label, unit and direction, stated once for records and report."""

from __future__ import annotations

from dataclasses import replace

from suite.rows import Quantity

QUANTITIES = {
    "ms": Quantity(label="Time", unit="ms", higher_is_better=False),
    "flops": Quantity(label="FLOPs", unit="FLOP", higher_is_better=None),
    "peak_memory": Quantity(label="Memory", unit="byte", higher_is_better=False),
    "parameters": Quantity(label="Parameters", unit="parameter", higher_is_better=None),
    "failed": Quantity(label="Failed", unit="count", higher_is_better=None),
}
"""By the part of a metric's key before the slash."""
FUSER_FACTS = {name: replace(QUANTITIES[name], higher_is_better=None) for name in ("ms", "parameters")}
"""What other tasks tell of a fuser beside their scores: without a direction, since it ranks nothing there."""
