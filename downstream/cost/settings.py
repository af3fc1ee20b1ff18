"""What a cost measurement may vary; everything here enters the cell id."""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass

from suite.errors import SettingsError

SMALLEST_SIDE = 16


@dataclass(frozen=True, kw_only=True)
class CostSettings:
    """What a fuser takes per image."""

    sizes: tuple[str, ...] = ("480x640", "960x1440")
    """HxW of the measured images; commas may join several."""
    repeats: int = 5
    """Timed runs."""
    warmup: int = 1
    """Runs before them."""
    cpu_threads: int = 1
    """CPU threads of the measured process (default: 1, so that machines compare)."""
    timeout_seconds: float = 1800.0
    """Longest time of one measurement."""
    memory_limit_gib: float | None = None
    """Memory limit of one measurement (default: nine tenths of what is free)."""

    def __post_init__(self) -> None:
        if min(self.repeats, self.cpu_threads) < 1 or self.warmup < 0 or not self.timeout_seconds > 0:
            raise SettingsError(
                "cost needs --repeats and --cpu-threads of at least 1, --warmup of at least 0 and a positive "
                f"--timeout-seconds, got {self.repeats}, {self.cpu_threads}, {self.warmup} and {self.timeout_seconds}"
            )
        if self.memory_limit_gib is not None and not self.memory_limit_gib > 0:
            raise SettingsError(f"--memory-limit-gib must be positive, got {self.memory_limit_gib}")
        parse_sizes(self.sizes)


def parse_sizes(texts: Sequence[str]) -> tuple[tuple[int, int], ...]:
    """(H, W) of texts such as 480x640; commas may join several.

    Raises:
        SettingsError: not HxW, or a side below 16.

    >>> parse_sizes(["480x640,960x1440"])
    ((480, 640), (960, 1440))
    """
    sizes = []
    for text in (part for joined in texts for part in joined.split(",") if part):
        found = re.fullmatch(r"(\d+)[x×](\d+)", text.strip())
        if not found or min(int(side) for side in found.groups()) < SMALLEST_SIDE:
            raise SettingsError(f"--sizes must be HxW with sides of at least 16, for example 480x640; got {text!r}")
        sizes.append((int(found[1]), int(found[2])))
    if not sizes:
        raise SettingsError("--sizes is empty; for example 480x640 960x1440")
    return tuple(dict.fromkeys(sizes))
