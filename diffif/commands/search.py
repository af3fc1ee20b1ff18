"""Build the fusion knowledge prior: fuse every training pair by every fuser of a pool, keep the best of each pair.

Best means the largest weighted sum of image metrics, 2 SSIM + 1 VIF + 3 Qabf by default, or a score of your own. Scores
are computed on luma; the chosen image keeps its colour. An interrupted run resumes; other weights and more
candidates reuse what is there. Writes

  OUT/Fusion_K         the prior, one image per pair: python -m diffif train --prior OUT/Fusion_K
  OUT/scores.parquet   every candidate of every pair: its scores, who won, ties, undefined and missing ones
  OUT/summary.csv      wins and mean scores, against the choice and against a random choice; OUT/search.png: the same
  OUT/search.json      what was asked for

Examples:
  python -m diffif search --dataset msrs --root MSRS --out prior --candidates laplacian,gff,seafusion,folder:DDFM
  python -m diffif search --dataset msrs --root MSRS --out prior --weights "ssim=1,scd=1,nabf=-0.5"
  python -m diffif search --dataset harvard-pet-mri --root HARVARD --out prior-pet --score my_scores:contrast
"""

from __future__ import annotations

import time
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Literal

from diffif.prior.pool import DEFAULT_POOL
from suite.device import DeviceChoice
from suite.options import Argument

if TYPE_CHECKING:
    from datasets.base import Sample
    from diffif.prior.goal import SearchSettings
    from diffif.prior.targeted_search import SearchResult

EARLIER_POOL = "pool"
"""Where earlier versions kept candidates."""


@dataclass(frozen=True, kw_only=True)
class PriorSettings(DeviceChoice):
    """Which pairs, which candidates, and what is maximised."""

    dataset: Annotated[str, Argument(metavar="NAME")]
    """A name from `python -m datasets list`."""
    root: Annotated[Path, Argument(metavar="DIR")]
    """Folder of the dataset."""
    split: Literal["train", "val", "test"] = "train"
    """Which pairs."""
    out: Annotated[Path, Argument(metavar="DIR")]
    """Folder of the prior."""
    candidates: Annotated[tuple[str, ...], Argument(metavar="FUSER")] = DEFAULT_POOL
    """The pool: names from `python -m diffif list`, NAME@key=value, folder:DIR, onnx:FILE, package.module:Class,
    separated by commas or spaces; earlier ones win ties."""
    weights: str | None = None
    """What is maximised, "ssim=2,vif=1,qabf=3" if nothing is said: any metric of docs/metrics.md or
    package.module:function; metrics that are better when lower take a negative weight."""
    score: Annotated[str | None, Argument(metavar="FUNCTION")] = None
    """package.module:function (fused, visible, infrared) -> (B,) to maximise instead, see docs/method.md."""
    convention: Annotated[str, Argument(metavar="NAME")] = "standard"
    """Definition of the metrics, see docs/metrics.md."""
    max_memory: Annotated[float | None, Argument(metavar="GIB")] = None
    """Memory budget; larger images are fused in tiles."""
    missing: Literal["error", "skip"] = "error"
    """Where a folder: lacks images: stop before any work, or leave that candidate out for those pairs."""
    random: bool = False
    """Draw instead of search (the ablation no-search)."""
    seed: int = 0
    """Seed of --random."""
    jobs: int | None = None
    """Worker processes; the result is the same for any; without it one per core, fewer for little work."""


def run(settings: PriorSettings) -> int:
    """Build the prior and print where it is."""
    from diffif.prior.targeted_search import PRIOR_FOLDER

    build_prior(settings)
    print(f"prior: {settings.out / PRIOR_FOLDER}")
    return 0


def build_prior(settings: PriorSettings) -> SearchResult:
    """Check everything, make candidates, choose, and print the summary."""
    from rich.progress import (
        BarColumn,
        MofNCompleteColumn,
        Progress,
        TextColumn,
        TimeElapsedColumn,
        TimeRemainingColumn,
    )

    from datasets.registry import load_dataset
    from diffif.fusers.registry import build_fuser
    from diffif.prior.candidates import make_candidates, parse_candidates, plan_candidates
    from diffif.prior.claim import claim_folder
    from diffif.prior.plot import plot_search
    from diffif.prior.summary import describe_search
    from diffif.prior.targeted_search import SearchResult, draw, search
    from diffif.workers import Workers, default_jobs
    from suite.device import resolve_device

    goal = read_goal(settings)
    device = resolve_device(settings.device)
    dataset = load_dataset(settings.dataset, settings.root, settings.split, "quality")
    samples = dataset.samples
    specs = parse_candidates(settings.candidates)
    num_images = len(samples) * len(specs)
    workers = Workers(default_jobs(num_images) if settings.jobs is None else settings.jobs)
    fusers = [(spec, build_fuser(spec, device=device)) for spec in specs]
    for _, fuser in fusers:
        fuser.max_memory_gib = settings.max_memory
    planned = plan_candidates(dataset, fusers, settings.out, missing=settings.missing)
    if not settings.random:
        _try_goal(goal, samples[0])
    claim_folder(settings.out, samples)
    if (settings.out / EARLIER_POOL).is_dir():
        print(f"{settings.out / EARLIER_POOL} holds candidates of an earlier version; they are fused again.")
    ids = [sample.id for sample in samples]
    num_there = sum(candidates.count(set(ids) - candidates.absent) for candidates in planned)
    columns = (TextColumn("{task.description}"), BarColumn(), MofNCompleteColumn(), TimeElapsedColumn())
    with Progress(*columns, TimeRemainingColumn()) as progress, workers:
        start = time.perf_counter()
        # A GPU is fed by one process.
        pool = make_candidates(
            dataset, fusers, settings.out,
            missing=settings.missing, workers=workers if device == "cpu" else None, progress=progress,
        )  # fmt: skip
        fused = time.perf_counter()
        if settings.random:
            found = SearchResult(table=draw(samples, pool, settings.out, seed=settings.seed), num_kept=0)
        else:
            found = search(samples, pool, settings.out, goal, workers=workers, progress=progress)
        ended = time.perf_counter()
    if not settings.random:
        plot_search(found.table, settings.out / "search.png")
    print(describe_search(found.table))
    num_images -= sum(len(candidates.absent) for candidates in pool)
    print(
        f"{num_images - num_there} images fused in {fused - start:.1f} s ({num_there} were there), chosen in "
        f"{ended - fused:.1f} s (scores of {found.num_kept} pairs were there): "
        f"{len(samples) / (ended - start):.2f} pairs/s, without fusing {len(samples) / (ended - fused):.2f}"
    )
    return found


def read_goal(settings: PriorSettings) -> SearchSettings:
    """What the command line wants maximised.

    Raises:
        SettingsError: both --weights and --score, or an impossible weight.
        UnknownName: no such metric or convention.
    """
    from diffif.prior.custom_score import EXAMPLE, is_custom
    from diffif.prior.goal import DEFAULT_WEIGHTS, SearchSettings, parse_weights
    from suite.errors import SettingsError

    if settings.score and settings.weights is not None:
        raise SettingsError(
            "give --weights or --score, not both. To add a score of your own to metrics: "
            f'--weights "{settings.weights},{settings.score}=1"'
        )
    if settings.score and not is_custom(settings.score):
        raise SettingsError(f"--score {settings.score}: expected {EXAMPLE}. Metrics go into --weights.")
    weights = {settings.score: 1.0} if settings.score else dict(DEFAULT_WEIGHTS)
    if settings.weights is not None:
        weights = parse_weights(settings.weights)
    return SearchSettings(weights=weights, convention=settings.convention)


def _try_goal(goal: SearchSettings, sample: Sample) -> None:
    from datasets.images import read_sample, rgb_to_y
    from diffif.prior.goal import try_out

    visible, infrared = read_sample(sample)
    try_out(goal, rgb_to_y(visible), infrared, where=sample.id)
