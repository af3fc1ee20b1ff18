"""Convert a published weights file once into a safetensors file that loads without executing anything.

Examples:
  python -m diffif import-weights diffif DiffIF_ivf_gen.pth --out weights/diffif-ivf.safetensors
  python -m diffif import-weights didfuse Encoder.pkl
"""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import Annotated

from suite.options import Argument


@dataclass(frozen=True, kw_only=True)
class ImportSettings:
    """What to convert, and where to."""

    method: Annotated[str, Argument(positional=True)]
    """diffif, or a fuser with published weights (see: python -m diffif list)."""
    file: Annotated[Path, Argument(positional=True)]
    """The file that the method's authors publish."""
    out: Path | None = None
    """Target: a .safetensors file, or a folder of weights; without it beside FILE."""


def run(settings: ImportSettings) -> int:
    """Convert and print where the result is."""
    if settings.method == "diffif":
        from diffif.model.checkpoint import CheckpointCard, import_official, save_checkpoint

        out = settings.out or settings.file.with_suffix(".safetensors")
        model = import_official(settings.file)
        card = CheckpointCard(settings=model.settings, notes={"origin": f"imported from {settings.file.name}"})
        save_checkpoint(out, model, card)
    else:
        from diffif.fusers.published.import_weights import import_weights

        out = import_weights(settings.method, settings.file, settings.out)
    print(f"written: {out}")
    return 0
