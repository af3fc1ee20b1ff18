"""Write a checkpoint that fuses in one pass as an ONNX file, for onnxruntime, TensorRT, OpenVINO and the like.

The file takes any size that is a multiple of its stride, and any batch. It is compared with torch before it is kept.

Examples:
  python -m diffif export --weights fast --out fast.onnx
  python -m diffif fuse VI_DIR IR_DIR --out FUSED --fuser onnx:fast.onnx
"""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import Annotated

from suite.options import Argument


@dataclass(frozen=True, kw_only=True)
class ExportSettings:
    """Which checkpoint, and where to."""

    out: Annotated[Path, Argument(metavar="FILE")]
    """The file to write, NAME.onnx."""
    checkpoint: Annotated[Path, Argument(aliases=("--weights",))] = Path("fast")
    """Weights file, or a shipped one by name."""


def run(settings: ExportSettings) -> int:
    """Write the file and print how near to torch it is."""
    from diffif.fusers.diffusion.diffif import find_checkpoint
    from diffif.model.checkpoint import load_checkpoint
    from diffif.model.onnx_export import OPSET, export_onnx

    model = load_checkpoint(find_checkpoint(settings.checkpoint)).model
    difference = export_onnx(model, settings.out, name=str(settings.checkpoint))
    size = settings.out.stat().st_size / 1e6
    print(f"{settings.out}: {size:.2f} MB, opset {OPSET}, sides multiples of {model.stride}")
    print(f"largest difference to torch: {difference:.1e} (of the range from black to white)")
    print(f"use it: python -m diffif fuse VISIBLE INFRARED --out FUSED --fuser onnx:{settings.out}")
    return 0
