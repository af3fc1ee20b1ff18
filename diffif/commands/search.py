"""Build the fusion knowledge prior: fuse every training pair by every fuser of a pool, keep the best of each pair.

Best means the largest weighted sum of metrics, 2 SSIM + 1 VIF + 3 Qabf by default. Writes OUT/Fusion_K (the prior),
OUT/scores.csv (every candidate of every pair), OUT/summary.csv (who won how often). A restart goes on where it stopped.

Example:
  python -m diffif search --dataset msrs --root MSRS --out prior --fusers laplacian gff seafusion ifcnn
"""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from jsonargparse import ArgumentParser, Namespace

DEFAULT_POOL = ("laplacian", "dtcwt", "gff", "rp", "average", "max")
"""Fusers that need no weights."""


def add_arguments(parser: ArgumentParser) -> None:
    """Declare the command's arguments."""
    parser.add_argument("--dataset", required=True, help="a name from `python -m datasets list`")
    parser.add_argument("--root", type=Path, required=True, help="folder of the dataset")
    parser.add_argument("--split", default="train", help="train, val or test")
    parser.add_argument("--out", type=Path, required=True, help="folder of the prior")
    parser.add_argument("--fusers", nargs="+", default=list(DEFAULT_POOL), help="the pool; earlier ones win ties")
    parser.add_argument("--ssim", type=float, default=2.0, help="weight of SSIM")
    parser.add_argument("--vif", type=float, default=1.0, help="weight of VIF")
    parser.add_argument("--qabf", type=float, default=3.0, help="weight of Qabf")
    parser.add_argument("--convention", default="standard", help="definition of the metrics, see docs/metrics.md")
    parser.add_argument("--random", action="store_true", help="draw instead of search (the ablation no-search)")
    parser.add_argument("--seed", type=int, default=0, help="seed of --random")
    parser.add_argument("--device", default="auto", help="auto, cpu, cuda, cuda:1 ...")


def run(arguments: Namespace) -> int:
    """Make candidates, choose, and print the summary."""
    import time

    from rich.progress import Progress

    from datasets.registry import load_dataset
    from diffif.device import resolve_device
    from diffif.fusers.registry import build_fuser
    from diffif.prior.candidates import make_candidates
    from diffif.prior.targeted_search import PRIOR_FOLDER, SearchSettings, draw, search, summarise

    settings = SearchSettings(
        ssim=arguments.ssim, vif=arguments.vif, qabf=arguments.qabf, convention=arguments.convention
    )
    dataset = load_dataset(arguments.dataset, arguments.root, arguments.split, "quality")
    fusers = [(spec, build_fuser(spec, device=resolve_device(arguments.device))) for spec in arguments.fusers]
    with Progress() as progress:
        pool = make_candidates(dataset.samples, fusers, arguments.out, progress=progress)
        start = time.perf_counter()
        if arguments.random:
            table = draw(dataset.samples, pool, arguments.out, seed=arguments.seed)
        else:
            table = search(dataset.samples, pool, arguments.out, settings, progress=progress)
        seconds = time.perf_counter() - start
    print(summarise(table).to_string(index=False, float_format=lambda value: f"{value:.4f}"))
    print(f"{len(dataset)} pairs, {len(pool)} candidates, {len(dataset) / seconds:.2f} pairs/s (without fusing)")
    print(f"prior: {arguments.out / PRIOR_FOLDER}")
    return 0
