"""Fuse a visible and an infrared image, two folders of them matched by name, or two videos.

The fused image has the size and the colours of the visible one. Headers are checked first, then every sound pair is
fused; what could not be is listed, and the exit status is 1. The same command resumes: a record beside the images
knows what they are, and other work into the same folder is refused unless --overwrite is given. A
video resumes after its last finished frame.

Examples:
  python -m diffif fuse visible.png infrared.png --out fused.png
  python -m diffif fuse VI_DIR IR_DIR --out FUSED_DIR --steps 4 --seed 0
  python -m diffif fuse VI_DIR IR_DIR --out FUSED_DIR --fuser laplacian
  python -m diffif fuse visible.mp4 infrared.mp4 --out fused.mp4 --weights fast
  python -m diffif fuse DIR DIR --out FUSED_DIR --visible '*_rgb' --infrared '*_th'
  python -m diffif fuse VI_DIR IR_DIR --out FUSED_DIR --resize infrared --infrared-range percentile
"""

from __future__ import annotations

import sys
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

from datasets.reading import PLAIN, PairOptions
from suite.device import DeviceChoice
from suite.options import Argument

if TYPE_CHECKING:
    from collections.abc import Iterable

    from datasets.base import Sample
    from diffif.fusers.base import Fuser
    from diffif.fusers.fuse_files import FilePairs, FuseOutcome


@dataclass(frozen=True, kw_only=True)
class FuseSettings(DeviceChoice):
    """What to fuse, by which fuser, and where to."""

    visible_path: Annotated[Path, Argument(positional=True, metavar="VISIBLE")]
    """Visible image, a folder of them (sub-folders count as sequences), or a video."""
    infrared_path: Annotated[Path, Argument(positional=True, metavar="INFRARED")]
    """Infrared image, a folder with the same file names, or a video."""
    out: Path
    """Fused image, the folder to write fused PNGs into, or a video (.mp4, .avi, .mkv)."""
    fuser: Annotated[str, Argument(metavar="NAME")] = "diffif"
    """A name from `python -m diffif list`, NAME@key=value, folder:DIR, onnx:FILE, package.module:Class."""
    checkpoint: Annotated[Path | None, Argument(aliases=("--weights",))] = None
    """Weights file, or a shipped one by name: small (of diffif by default), fast, small-mif, fast-mif (medical)."""
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
    """Fuse again what is already there, whatever made it."""
    pairs: Annotated[PairOptions, Argument(group=True)] = PLAIN
    """How the files become pairs."""


def run(settings: FuseSettings) -> int:
    """Fuse everything that can be fused, say where it is, and list the rest."""
    from diffif.fusers.fuse_files import find_pairs, refuse_overlap
    from diffif.video.frames import is_video

    visible, infrared, out = settings.visible_path, settings.infrared_path, settings.out
    if any(map(is_video, (visible, infrared, out))):
        return _fuse_video(settings)
    one_file = visible.is_file()
    target = out / f"{visible.stem}.png" if one_file and (out.is_dir() or not out.suffix) else out
    pairs = find_pairs(visible, infrared, settings.pairs)
    refuse_overlap(target, visible, infrared)
    fuser = _build(settings)
    for note in pairs.notes:
        print(note)
    outcome = _fuse_one_file(pairs, fuser, target, settings.overwrite) if one_file else _fuse(pairs, fuser, settings)
    return _report(outcome, target if one_file else out)


def _fuse_video(settings: FuseSettings) -> int:
    from time import perf_counter

    from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn, TimeRemainingColumn

    from diffif.fusers.fuse_files import refuse_overlap
    from diffif.video.fusion import fuse_frames, plan

    refuse_overlap(settings.out, settings.visible_path, settings.infrared_path)
    job = plan(settings.visible_path, settings.infrared_path, settings.out)
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


def _fuse(pairs: FilePairs, fuser: Fuser, settings: FuseSettings) -> FuseOutcome:
    from diffif.fusers.fuse_files import fuse_files
    from suite.progress import track

    def watch(samples: Iterable[Sample], total: int) -> Iterable[Sample]:
        return track(samples, total, f"fusing with {fuser.name}")

    return fuse_files(pairs, fuser, settings.out, overwrite=settings.overwrite, progress=watch)


def _fuse_one_file(pairs: FilePairs, fuser: Fuser, target: Path, overwrite: bool) -> FuseOutcome:
    from datasets.problems import Problem
    from diffif.fusers.fuse_files import FuseOutcome, fuse_one
    from suite.errors import WorkdirError

    if target.exists() and not overwrite:
        raise WorkdirError(f"{target} is there already, and it is not known what made it. --overwrite replaces it.")
    outcome = FuseOutcome(problems=list(pairs.problems))
    for sample in pairs.samples:
        done = fuse_one(sample, fuser, target, outcome)
        outcome.problems += [done] if isinstance(done, Problem) else []
    return outcome


def _report(outcome: FuseOutcome, out: Path) -> int:
    from datasets.problems import remedy
    from suite.errors import list_offenders

    if outcome.num_kept:
        print(f"{outcome.num_kept} are already there, from the same work (--overwrite fuses them again)")
    print(f"{outcome.num_fused} fused image{'s'[: outcome.num_fused != 1]} in {out}")
    for kind, offenders in outcome.warnings.items():
        print(f"warning: {kind}: {len(offenders)}\n{list_offenders(offenders)}", file=sys.stderr)
    if not outcome.problems:
        return 0
    print(
        f"error: {len(outcome.problems)} could not be fused:\n"
        f"{list_offenders([str(problem) for problem in outcome.problems])}",
        file=sys.stderr,
    )
    for kind in sorted({problem.kind for problem in outcome.problems}):
        print(f"- {kind}: {remedy(kind, skip=False)}", file=sys.stderr)
    return 1


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
