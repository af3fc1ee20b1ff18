"""Convert a published weights file once into a safetensors file that loads without executing anything.

Examples:
  python -m diffif import-weights diffif DiffIF_ivf_gen.pth --out weights/diffif-ivf.safetensors
  python -m diffif import-weights didfuse Encoder.pkl
"""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from jsonargparse import ArgumentParser, Namespace


def add_arguments(parser: ArgumentParser) -> None:
    """Declare the command's arguments."""
    parser.add_argument("method", help="diffif, or a fuser with published weights (see: python -m diffif list)")
    parser.add_argument("file", type=Path, help="the file that the method's authors publish")
    parser.add_argument(
        "--out", type=Path, help="target: a .safetensors file, or a folder of weights (default: beside FILE)"
    )


def run(arguments: Namespace) -> int:
    """Convert and print where the result is."""
    if arguments.method == "diffif":
        from diffif.model.checkpoint import CheckpointCard, import_official, save_checkpoint

        out = arguments.out or arguments.file.with_suffix(".safetensors")
        model = import_official(arguments.file)
        card = CheckpointCard(settings=model.settings, notes={"origin": f"imported from {arguments.file.name}"})
        save_checkpoint(out, model, card)
    else:
        from diffif.fusers.published.import_weights import import_weights

        out = import_weights(arguments.method, arguments.file, arguments.out)
    print(f"written: {out}")
    return 0
