"""Write a checkpoint for others: as an ONNX file, or as the folder that model hubs keep.

ONNX, for onnxruntime, TensorRT, OpenVINO and the like, takes checkpoints that fuse in one pass. The file takes any size
that is a multiple of its stride, and any batch. It is compared with torch before it is kept. The folder takes any
checkpoint; it holds model.safetensors, config.json and a model card.

Examples:
  python -m diffif export --weights fast --out fast.onnx
  python -m diffif fuse VI_DIR IR_DIR --out FUSED --fuser onnx:fast.onnx
  python -m diffif export --weights runs/ivf/best.safetensors --out my-diffif
  python -m diffif fuse VI_DIR IR_DIR --out FUSED --checkpoint my-diffif
"""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import Annotated

from suite.errors import SettingsError
from suite.options import Argument


@dataclass(frozen=True, kw_only=True)
class ExportSettings:
    """Which checkpoint, and where to."""

    out: Annotated[Path, Argument(metavar="PATH")]
    """NAME.onnx, or a folder to write."""
    checkpoint: Annotated[Path, Argument(aliases=("--weights",))] = Path("fast")
    """Weights file, a folder of one, or a shipped one by name."""


def run(settings: ExportSettings) -> int:
    """Write the file or the folder, and print how it is used."""
    if settings.out.suffix == ".onnx":
        return _write_onnx(settings)
    if settings.out.suffix and not settings.out.is_dir():
        raise SettingsError(f"--out must be NAME.onnx, or a folder, whose name has no ending; got {settings.out}")
    return _write_folder(settings)


def _write_folder(settings: ExportSettings) -> int:
    from diffif.api import save_pretrained

    out = save_pretrained(settings.checkpoint, settings.out)
    print(f"{out}: {', '.join(sorted(path.name for path in out.iterdir() if path.is_file()))}")
    print(f"use it: python -m diffif fuse VISIBLE INFRARED --out FUSED --checkpoint {out}")
    return 0


def _write_onnx(settings: ExportSettings) -> int:
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
