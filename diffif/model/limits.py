"""What a checkpoint's settings may ask for: sizes are checked before anything is allocated for them.

A checkpoint is a file that anyone may have written. Its settings say how large the network is, and building what they
ask for would fill the memory, or never end, before the tensors are seen to be missing.
"""

from __future__ import annotations

import dataclasses
import math
from typing import Any

from suite.errors import SettingsError

MOST_STEPS = 100_000
"""Diffusion steps; a hundred times the published number."""
MOST_BLOCKS = 64
MOST_LEVELS = 12
LARGEST_NUMBER = 8192
"""Any other whole number: channels, groups, window sizes."""
LARGEST_FACTOR = 64.0
"""Any other number: expansions, rates."""


def refuse_huge(settings: Any, where: str = "") -> None:
    """Refuse settings of a model that no machine builds.

    Args:
        settings: A settings dataclass, perhaps with others inside.
        where: Their name, for messages.

    Raises:
        SettingsError: a number beyond its limit, or none at all.
    """
    for field in dataclasses.fields(settings):
        value, name = getattr(settings, field.name), f"{where}{field.name}"
        if dataclasses.is_dataclass(value):
            refuse_huge(value, f"{name}.")
            continue
        values = value if isinstance(value, tuple) else (value,)
        if len(values) > MOST_LEVELS:
            raise SettingsError(f"{name} has {len(values)} entries, at most {MOST_LEVELS} are read")
        for number in values:
            if isinstance(number, int | float) and not isinstance(number, bool):
                limit = _limit_of(field.name, number)
                if not (math.isfinite(number) and abs(number) <= limit):
                    raise SettingsError(f"{name} is {number:g}, at most {limit:g} is read")


def _limit_of(name: str, number: float) -> float:
    if name == "num_timesteps":
        return MOST_STEPS
    if "block" in name:
        return MOST_BLOCKS
    return LARGEST_NUMBER if isinstance(number, int) else LARGEST_FACTOR
