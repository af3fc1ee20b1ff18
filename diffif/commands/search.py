"""Build the fusion knowledge prior: fuse every training pair by every fuser of a pool, keep the best of each pair.

Best means the largest weighted sum of image metrics, 2 SSIM + 1 VIF + 3 Qabf by default, or a score of your own. Scores
are computed on luma; the chosen image keeps its colour. A restart goes on where it stopped; other weights and more
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
from pathlib import Path
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Sequence

    from jsonargparse import ArgumentParser, Namespace

    from datasets.base import Sample
    from diffif.prior.candidates import Candidates
    from diffif.prior.goal import SearchSettings

DEFAULT_POOL = ("laplacian", "dtcwt", "gff", "rp", "average", "max")
"""Fusers that need no weights."""


def add_arguments(parser: ArgumentParser) -> None:
    """Declare the command's arguments."""
    parser.add_argument("--dataset", metavar="NAME", required=True, help="a name from `python -m datasets list`")
    parser.add_argument("--root", metavar="DIR", type=Path, required=True, help="folder of the dataset")
    parser.add_argument("--split", default="train", help="train, val or test")
    parser.add_argument("--out", metavar="DIR", type=Path, required=True, help="folder of the prior")
    parser.add_argument(
        "--candidates",
        metavar="FUSER",
        nargs="+",
        action="append",
        help="the pool, separated by commas or spaces: names from `python -m diffif list`, NAME@key=value, folder:DIR, "
        f"onnx:FILE, package.module:Class; earlier ones win ties (default: {','.join(DEFAULT_POOL)})",
    )
    parser.add_argument(
        "--weights",
        metavar="TEXT",
        help='what is maximised: "ssim=2,vif=1,qabf=3" (the default), any metric of docs/metrics.md or '
        "package.module:function; metrics that are better when lower take a negative weight",
    )
    parser.add_argument(
        "--score",
        metavar="FUNCTION",
        help="package.module:function (fused, visible, infrared) -> (B,) to maximise instead, see docs/method.md",
    )
    parser.add_argument("--convention", default="standard", help="definition of the metrics, see docs/metrics.md")
    parser.add_argument(
        "--missing", choices=("error", "skip"), default="error",
        help="where a folder: lacks images: stop before any work, or leave that candidate out for those pairs",
    )  # fmt: skip
    parser.add_argument("--random", action="store_true", help="draw instead of search (the ablation no-search)")
    parser.add_argument("--seed", type=int, default=0, help="seed of --random")
    parser.add_argument(
        "--jobs",
        metavar="N",
        type=int,
        help="worker processes; the result is the same for any (default: one per core, fewer for little work)",
    )
    parser.add_argument("--device", default="auto", help="of the fusers: auto, cpu, cuda, cuda:1 ...")


def run(arguments: Namespace) -> int:
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
    from diffif.prior.targeted_search import PRIOR_FOLDER, SearchResult, draw, search
    from diffif.prior.workers import Workers, default_jobs
    from suite.device import resolve_device

    settings = read_goal(arguments)
    device = resolve_device(arguments.device)
    samples = load_dataset(arguments.dataset, arguments.root, arguments.split, "quality").samples
    specs = parse_candidates([part for given in arguments.candidates or [DEFAULT_POOL] for part in given])
    num_images = len(samples) * len(specs)
    workers = Workers(default_jobs(num_images) if arguments.jobs is None else arguments.jobs)
    fusers = [(spec, build_fuser(spec, device=device)) for spec in specs]
    planned = plan_candidates(samples, fusers, arguments.out, missing=arguments.missing)
    if not arguments.random:
        _try_goal(settings, samples[0])
    claim_folder(arguments.out, samples)
    num_there = _count_there(planned, samples)
    columns = (TextColumn("{task.description}"), BarColumn(), MofNCompleteColumn(), TimeElapsedColumn())
    with Progress(*columns, TimeRemainingColumn()) as progress, workers:
        start = time.perf_counter()
        # A GPU is fed by one process.
        pool = make_candidates(
            samples, fusers, arguments.out,
            missing=arguments.missing, workers=workers if device == "cpu" else None, progress=progress,
        )  # fmt: skip
        fused = time.perf_counter()
        if arguments.random:
            found = SearchResult(table=draw(samples, pool, arguments.out, seed=arguments.seed), num_kept=0)
        else:
            found = search(samples, pool, arguments.out, settings, workers=workers, progress=progress)
        ended = time.perf_counter()
    if not arguments.random:
        plot_search(found.table, arguments.out / "search.png")
    print(describe_search(found.table))
    num_images -= sum(len(candidates.absent) for candidates in pool)
    print(
        f"{num_images - num_there} images fused in {fused - start:.1f} s ({num_there} were there), chosen in "
        f"{ended - fused:.1f} s (scores of {found.num_kept} pairs were there): "
        f"{len(samples) / (ended - start):.2f} pairs/s, without fusing {len(samples) / (ended - fused):.2f}"
    )
    print(f"prior: {arguments.out / PRIOR_FOLDER}")
    return 0


def read_goal(arguments: Namespace) -> SearchSettings:
    """What the command line wants maximised.

    Raises:
        SettingsError: both --weights and --score, or an impossible weight.
        UnknownName: no such metric or convention.
    """
    from diffif.prior.custom_score import EXAMPLE, is_custom
    from diffif.prior.goal import DEFAULT_WEIGHTS, SearchSettings, parse_weights
    from suite.errors import SettingsError

    if arguments.score and arguments.weights is not None:
        raise SettingsError(
            "give --weights or --score, not both. To add a score of your own to metrics: "
            f'--weights "{arguments.weights},{arguments.score}=1"'
        )
    if arguments.score and not is_custom(arguments.score):
        raise SettingsError(f"--score {arguments.score}: expected {EXAMPLE}. Metrics go into --weights.")
    weights = {arguments.score: 1.0} if arguments.score else dict(DEFAULT_WEIGHTS)
    if arguments.weights is not None:
        weights = parse_weights(arguments.weights)
    return SearchSettings(weights=weights, convention=arguments.convention)


def _try_goal(settings: SearchSettings, sample: Sample) -> None:
    from datasets.images import read_pair, rgb_to_y
    from diffif.prior.goal import try_out

    visible, infrared = read_pair(sample.visible, sample.infrared)
    try_out(settings, rgb_to_y(visible), infrared, where=sample.id)


def _count_there(planned: Sequence[Candidates], samples: Sequence[Sample]) -> int:
    return sum(c.path(sample.id).is_file() for c in planned for sample in samples if sample.id not in c.absent)
