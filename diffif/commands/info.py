"""Show what a Diff-IF checkpoint says about itself: sizes, recipe, steps, scores, origin, hash.

Example:
  python -m diffif info runs/small/best.safetensors
"""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import Annotated

from suite.options import Argument


@dataclass(frozen=True, kw_only=True)
class InfoSettings:
    """What to describe."""

    checkpoint: Annotated[Path, Argument(positional=True)]
    """A .safetensors file that training wrote."""


def run(settings: InfoSettings) -> int:
    """Print the checkpoint's card as YAML."""
    import yaml

    from diffif.model.checkpoint import load_checkpoint
    from suite.settings import to_mapping

    checkpoint = load_checkpoint(settings.checkpoint)
    parameters = sum(p.numel() for p in checkpoint.model.parameters())
    card = {"sha256": checkpoint.sha256, "parameters": parameters, **to_mapping(checkpoint.card)}
    print(yaml.safe_dump(card, sort_keys=False), end="")
    return 0
