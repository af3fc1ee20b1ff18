"""What is each part of Diff-IF worth? Trains every variant, judges it by quality, detection and segmentation, reports.

Variants: full, no-prior (no candidates), no-search (a candidate drawn at random), no-refiner, steps=N,
without=FUSER (one candidate less), search=SSIM/VIF/QABF (other weights of targeted search).

Without --dataset everything happens on the synthetic laboratory, with a recipe small enough for a laptop. Every part
that is finished is kept; two of these commands on one working folder share the work and never do a part twice.

Examples:
  python -m downstream.ablate
  python -m downstream.ablate --variants full no-prior no-search steps=1 steps=4 --seeds 0 1 2
  python -m downstream.ablate --dataset llvip --root LLVIP --recipe ivf --model yolov8n.pt --tasks quality detect
"""

from __future__ import annotations

import fnmatch
import sys
import traceback
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

from datasets.command import new_parser, run_command
from datasets.errors import BenchError

if TYPE_CHECKING:
    from downstream.ablation_study import AblationStudy

DEFAULT_VARIANTS = ("full", "no-prior", "no-search")
DEFAULT_POOL = ("laplacian", "max", "average", "dwt", "rp")
TASKS = ("quality", "detect", "segment")
LABORATORY = ["num_train=160", "num_val=32", "num_test=80"]


@dataclass(frozen=True)
class Part:
    """One piece of work of the grid."""

    name: str
    """`train/no-prior/seed0`, `detect/full/seed1` ...; what --only matches."""
    work: Callable[[], object]


def main(argv: Sequence[str] | None = None) -> int:
    """Parse the command line and run; see --help."""
    arguments = sys.argv[1:] if argv is None else list(argv)
    parsed = _parser().parse_args(arguments)
    return run_command(lambda: _run(parsed, arguments), debug=parsed.debug)


def _parser() -> Any:
    from downstream.arguments import add_data_arguments, add_run_arguments

    parser = new_parser(__doc__, prog="python -m downstream.ablate")
    parser.add_argument("--variants", nargs="+", default=list(DEFAULT_VARIANTS), help="what to compare")
    parser.add_argument("--tasks", nargs="+", choices=TASKS, default=list(TASKS), help="who judges")
    parser.add_argument("--seeds", metavar="N", type=int, nargs="+", default=[0, 1], help="one training each")
    parser.add_argument("--pool", nargs="+", default=list(DEFAULT_POOL), help="fusers whose results are candidates")
    parser.add_argument("--recipe", default="ablation", help="a recipe that ships, or a YAML file")
    parser.add_argument("--set", action="append", default=[], metavar="KEY=VALUE", help="any recipe key")
    parser.add_argument("--model", help="detector (default: yolov8n.yaml, random weights)", default="yolov8n.yaml")
    parser.add_argument("--detect-epochs", type=int, default=10, help="epochs of the detector")
    parser.add_argument("--segment-epochs", type=int, default=10, help="epochs of the segmentation network")
    parser.add_argument("--imgsz", type=int, default=256, help="side at which the detector sees images")
    parser.add_argument("--only", metavar="GLOB", help="only parts whose name matches, e.g. 'detect/*/seed0'")
    parser.add_argument("--dry-run", action="store_true", help="list the parts and which are done, and stop")
    add_data_arguments(parser)
    add_run_arguments(parser)
    return parser


def _run(parsed: Any, arguments: Sequence[str]) -> int:
    from downstream.ablation_study import AblationStudy
    from downstream.arguments import build_report

    study = AblationStudy.from_arguments(parsed, arguments)
    parts = list_parts(study, parsed.tasks, parsed.seeds)
    chosen = [part for part in parts if parsed.only is None or fnmatch.fnmatch(part.name, parsed.only)]
    if parsed.dry_run:
        for part in chosen:
            print(f"{'done' if study.is_done(part.name) else 'open'}  {part.name}")
        return 0
    failed = run_parts(chosen, study.workdir)
    build_report(study.workdir)
    for name in failed:
        print(f"failed  {name}: see {study.workdir / 'logs' / (name.replace('/', '_') + '.txt')}", file=sys.stderr)
    return 1 if failed else 0


def list_parts(study: AblationStudy, tasks: Sequence[str], seeds: Sequence[int]) -> list[Part]:
    """Every part in the order in which it can be done: trainings first, then the judges, seed by seed."""
    parts = []
    for seed in seeds:
        for variant in study.variants:
            if variant.training_name == variant.name:
                parts.append(Part(f"train/{variant.name}/seed{seed}", _call(study.train, variant, seed)))
        for task in tasks:
            if task == "quality" and seed != seeds[0]:
                continue
            judge = getattr(study, task)
            parts += [
                Part(f"{task}/{v.name}/seed{seed}", _call(study.finish, judge, task, v, seed)) for v in study.variants
            ]
    return parts


def run_parts(parts: Sequence[Part], workdir: Path) -> list[str]:
    """Do every part once, over all commands that share the working folder; returns the names of those that failed.

    A lock dies with the process that holds it, so a killed command leaves nothing to clean up.
    """
    from filelock import FileLock

    failed = []
    for number, part in enumerate(parts, start=1):
        flat = part.name.replace("/", "_")
        (workdir / "locks").mkdir(parents=True, exist_ok=True)
        print(f"[{number}/{len(parts)}] {part.name}", flush=True)
        try:
            with FileLock(workdir / "locks" / f"{flat}.lock"):
                part.work()
        except (BenchError, RuntimeError, OSError, ValueError) as error:
            (workdir / "logs").mkdir(parents=True, exist_ok=True)
            (workdir / "logs" / f"{flat}.txt").write_text(traceback.format_exc(), encoding="utf-8")
            print(f"failed: {part.name}: {error}", file=sys.stderr, flush=True)
            failed.append(part.name)
    return failed


def _call(function: Callable[..., object], *arguments: object) -> Callable[[], object]:
    return lambda: function(*arguments)


if __name__ == "__main__":
    sys.exit(main())
