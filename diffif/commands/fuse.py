"""Fuse a visible and an infrared image, or two folders of them matched by name.

The fused image has the size and the colours of the visible one. Finished files are kept: the same command goes on
where it stopped, unless --overwrite is given.

Examples:
  python -m diffif fuse visible.png infrared.png --out fused.png
  python -m diffif fuse VI_DIR IR_DIR --out FUSED_DIR --steps 4 --seed 0
  python -m diffif fuse VI_DIR IR_DIR --out FUSED_DIR --fuser laplacian
"""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from jsonargparse import ArgumentParser, Namespace

    from diffif.fusers.base import Fuser


def add_arguments(parser: ArgumentParser) -> None:
    """Declare the command's arguments."""
    parser.add_argument("visible", type=Path, help="visible image, or a folder of them")
    parser.add_argument("infrared", type=Path, help="infrared image, or a folder with the same file names")
    parser.add_argument("--out", type=Path, required=True, help="fused image, or the folder to write fused PNGs into")
    parser.add_argument("--fuser", default="diffif", help="a name from `python -m diffif list`, folder:, onnx: or own")
    parser.add_argument(
        "--checkpoint", "--weights", type=Path,
        help="weights file, or a shipped one by name: small (default), small-1step, small-mif (medical)",
    )  # fmt: skip
    parser.add_argument("--steps", type=int, help="denoising steps of diffif (default: the checkpoint's)")
    parser.add_argument("--sampler", help="ddim, ddpm or dpmpp-2m (default: the checkpoint's)")
    parser.add_argument("--eta", type=float, help="randomness of ddim, 0..1 (default: the checkpoint's)")
    parser.add_argument("--seed", type=int, help="seed of the diffusion noise (default: 0)")
    parser.add_argument("--max-memory", type=float, help="memory budget in GiB; larger images are fused in tiles")
    parser.add_argument("--device", default="auto", help="auto, cpu, cuda, cuda:1 ...")
    parser.add_argument("--overwrite", action="store_true", help="fuse again what is already there")


def run(arguments: Namespace) -> int:
    """Fuse everything and print where it is."""
    from rich.progress import track

    from datasets.images import read_pair, write_image

    pairs = match_pairs(arguments.visible, arguments.infrared, arguments.out)
    fuser = _build(arguments)
    missing = [pair for pair in pairs if arguments.overwrite or not pair[2].is_file()]
    if len(missing) < len(pairs):
        print(f"{len(pairs) - len(missing)} of {len(pairs)} are already there (--overwrite fuses them again)")
    for visible_path, infrared_path, out in track(missing, description=f"fusing with {fuser.name}"):
        visible, infrared = read_pair(visible_path, infrared_path)
        write_image(out, fuser.fuse(visible, infrared, ids=[visible_path.stem]))
    print(f"{len(missing)} fused images in {arguments.out}")
    return 0


def match_pairs(visible: Path, infrared: Path, out: Path) -> list[tuple[Path, Path, Path]]:
    """(visible file, infrared file, target file) for two files or two folders.

    Raises:
        DatasetError: a path does not exist, one is a file and the other a folder, or names do not match.
    """
    from datasets.base import pair_by_name
    from datasets.images import IMAGE_SUFFIXES
    from suite.errors import DatasetError

    for path in (visible, infrared):
        if not path.exists():
            raise DatasetError(f"no file or folder {path}.")
    if visible.is_file() != infrared.is_file():
        raise DatasetError(f"{visible} and {infrared} must be two files or two folders.")
    if visible.is_file():
        target = out / f"{visible.stem}.png" if out.is_dir() or not out.suffix else out
        return [(visible, infrared, target)]
    found = pair_by_name("fuse", visible, infrared, IMAGE_SUFFIXES)
    if not found:
        raise DatasetError(f"no images in {visible}. Expected {', '.join(IMAGE_SUFFIXES)}.")
    return [(vi, ir, out / f"{stem}.png") for stem, vi, ir in found]


def _build(arguments: Namespace) -> Fuser:
    from diffif.fusers.registry import build_fuser
    from suite.device import resolve_device
    from suite.errors import SettingsError

    given: dict[str, Any] = {
        "steps": arguments.steps,
        "sampler": arguments.sampler,
        "eta": arguments.eta,
        "seed": arguments.seed,
    }
    options = ",".join(f"{key}={value}" for key, value in given.items() if value is not None)
    if options and "@" in arguments.fuser:
        raise SettingsError(
            f"give {options} either as flags or after --fuser {arguments.fuser.partition('@')[0]}@, not both"
        )
    spec = f"{arguments.fuser}@{options}" if options else arguments.fuser
    weights = str(arguments.checkpoint) if arguments.checkpoint else None
    fuser = build_fuser(spec, device=resolve_device(arguments.device), weights=weights)
    fuser.max_memory_gib = arguments.max_memory
    return fuser
