"""Which variant of a method a record speaks of, and which of its trainings."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

FULL = "full"


@dataclass(frozen=True, kw_only=True)
class Ablation:
    """A variant of a trained fuser. The default stands for a fuser that is not varied."""

    variant: str = FULL
    """"full", "no-prior", "no-search", "steps=1" ..."""
    seed: int | None = None
    """Seed that the fuser was trained with; None for a fuser that was not trained here."""

    @property
    def cell_settings(self) -> dict[str, Any]:
        """What a cell id must know, so that two variants with the same pixels keep a record each; {} by default."""
        return {} if self == NOT_VARIED else {"variant": {"ablation": self.variant, "seed": self.seed}}


NOT_VARIED = Ablation()
