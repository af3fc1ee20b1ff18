"""Show what a Diff-IF checkpoint says about itself: sizes, recipe, steps, scores, origin, hash.

Example:
  python -m diffif info runs/small/best.safetensors
"""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from jsonargparse import ArgumentParser, Namespace


def add_arguments(parser: ArgumentParser) -> None:
    """Declare the command's arguments."""
    parser.add_argument("checkpoint", type=Path, help="a .safetensors file that training wrote")


def run(arguments: Namespace) -> int:
    """Print the checkpoint's card as YAML."""
    import yaml

    from diffif.model.checkpoint import load_checkpoint
    from suite.settings import to_mapping

    checkpoint = load_checkpoint(arguments.checkpoint)
    parameters = sum(p.numel() for p in checkpoint.model.parameters())
    card = {"sha256": checkpoint.sha256, "parameters": parameters, **to_mapping(checkpoint.card)}
    print(yaml.safe_dump(card, sort_keys=False), end="")
    return 0
