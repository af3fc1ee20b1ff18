"""Fuse a visible and an infrared image, two folders of them matched by name, or two videos.

The fused image has the size and the colours of the visible one. Finished files are kept: the same command resumes,
unless --overwrite is given; a video resumes after its last finished frame.

Examples:
  python -m diffif fuse visible.png infrared.png --out fused.png
  python -m diffif fuse VI_DIR IR_DIR --out FUSED_DIR --steps 4 --seed 0
  python -m diffif fuse VI_DIR IR_DIR --out FUSED_DIR --fuser laplacian
  python -m diffif fuse visible.mp4 infrared.mp4 --out fused.mp4 --weights fast
"""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

from suite.device import DeviceChoice
from suite.options import Argument

if TYPE_CHECKING:
    from diffif.fusers.base import Fuser


@dataclass(frozen=True, kw_only=True)
class FuseSettings(DeviceChoice):
    """What to fuse, by which fuser, and where to."""

    visible: Annotated[Path, Argument(positional=True)]
    """Visible image, a folder of them, or a video."""
    infrared: Annotated[Path, Argument(positional=True)]
    """Infrared image, a folder with the same file names, or a video."""
    out: Path
    """Fused image, the folder to write fused PNGs into, or a video (.mp4, .avi, .mkv)."""
    fuser: Annotated[str, Argument(metavar="NAME")] = "diffif"
    """A name from `python -m diffif list`, NAME@key=value, folder:DIR, onnx:FILE, package.module:Class."""
    checkpoint: Annotated[Path | None, Argument(aliases=("--weights",))] = None
    """Weights file, or a shipped one by name: small (of diffif by default), small-1step, small-mif (medical)."""
    steps: int | None = None
    """Denoising steps of diffif; without it the checkpoint's."""
    sampler: str | None = None
    """ddim, ddpm or dpmpp-2m; without it the checkpoint's."""
    eta: float | None = None
    """Randomness of ddim, 0 to 1; without it the checkpoint's."""
    seed: int | None = None
    """Seed of the diffusion noise; without it 0."""
    max_memory: Annotated[float | None, Argument(metavar="GIB")] = None
    """Memory budget; larger images are fused in tiles."""
    overwrite: bool = False
    """Fuse again what is already there."""


def run(settings: FuseSettings) -> int:
    """Fuse everything and print where it is."""
    from rich.progress import track

    from datasets.images import read_pair, write_image
    from diffif.video.frames import is_video

    if any(map(is_video, (settings.visible, settings.infrared, settings.out))):
        return _fuse_video(settings)
    pairs = match_pairs(settings.visible, settings.infrared, settings.out)
    fuser = _build(settings)
    missing = [pair for pair in pairs if settings.overwrite or not pair[2].is_file()]
    if len(missing) < len(pairs):
        print(f"{len(pairs) - len(missing)} of {len(pairs)} are already there (--overwrite fuses them again)")
    for visible_path, infrared_path, out in track(missing, description=f"fusing with {fuser.name}"):
        visible, infrared = read_pair(visible_path, infrared_path)
        write_image(out, fuser.fuse(visible, infrared, ids=[visible_path.stem]))
    print(f"{len(missing)} fused images in {settings.out}")
    return 0


def _fuse_video(settings: FuseSettings) -> int:
    from time import perf_counter

    from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn, TimeRemainingColumn

    from diffif.video.fusion import fuse_frames, plan

    job = plan(settings.visible, settings.infrared, settings.out)
    fuser = _build(settings)
    total = len(job.visible.names)
    columns = (
        TextColumn("{task.description}"), BarColumn(), MofNCompleteColumn(), TimeRemainingColumn(),
        TextColumn("{task.fields[rate]:.1f} frames a second"),
    )  # fmt: skip
    times = [perf_counter()]
    with Progress(*columns) as progress:
        task = progress.add_task(f"fusing with {fuser.name}", total=total, rate=0.0)

        def show(done: int, _total: int) -> None:
            times.append(perf_counter())
            progress.update(task, completed=done, rate=(len(times) - 1) / (times[-1] - times[0]))

        count = fuse_frames(job, fuser, overwrite=settings.overwrite, on_frame=show)
        progress.update(task, completed=total)
    if count < total:
        print(f"{total - count} of {total} frames are already there (--overwrite fuses them again)")
    rate = f", {count / (times[-1] - times[0]):.1f} a second" if count else ""
    print(f"{count} fused frames in {settings.out}{rate}")
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


def _build(settings: FuseSettings) -> Fuser:
    from diffif.fusers.registry import build_fuser
    from suite.device import resolve_device
    from suite.errors import SettingsError

    given: dict[str, Any] = {
        "steps": settings.steps,
        "sampler": settings.sampler,
        "eta": settings.eta,
        "seed": settings.seed,
    }
    options = ",".join(f"{key}={value}" for key, value in given.items() if value is not None)
    if options and "@" in settings.fuser:
        raise SettingsError(
            f"give {options} either as flags or after --fuser {settings.fuser.partition('@')[0]}@, not both"
        )
    spec = f"{settings.fuser}@{options}" if options else settings.fuser
    weights = str(settings.checkpoint) if settings.checkpoint else None
    fuser = build_fuser(spec, device=resolve_device(settings.device), weights=weights)
    fuser.max_memory_gib = settings.max_memory
    return fuser
