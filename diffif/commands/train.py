"""Train Diff-IF on a dataset and its fusion knowledge prior, or go on with an interrupted run.

The same command resumes: a killed run continues from its last checkpoint and gives the numbers it would have given.
Several GPUs or machines: accelerate launch -m diffif train ...

Examples:
  python -m diffif train --recipe small --dataset msrs --root MSRS --prior prior/Fusion_K --out runs/small
  python -m diffif train --recipe ivf --dataset msrs --root MSRS --prior P --device cuda --set precision=bf16
  python -m diffif train --recipe small --dataset msrs --root MSRS --variant no-prior --out runs/no-prior
"""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from jsonargparse import ArgumentParser, Namespace


def add_arguments(parser: ArgumentParser) -> None:
    """Declare the command's arguments."""
    parser.add_argument("--prior", type=Path, help="folder of priors (<id>.png), from `python -m diffif search`")
    parser.add_argument("--variant", help="full, no-prior or no-search (default: the recipe's)")
    add_run_arguments(parser, recipe="small")


def add_run_arguments(parser: ArgumentParser, *, recipe: str) -> None:
    """Declare what every training run needs."""
    parser.add_argument("--recipe", default=recipe, help="a recipe that ships (ivf, mif, small ...), or a YAML file")
    parser.add_argument("--dataset", required=True, help="a name from `python -m datasets list`")
    parser.add_argument("--root", type=Path, required=True, help="folder of the dataset")
    parser.add_argument("--out", type=Path, required=True, help="folder of the run")
    parser.add_argument(
        "--set", action="append", default=[], metavar="KEY=VALUE", help="any recipe key, e.g. data.crop=96"
    )
    parser.add_argument("--device", default="cpu", help="auto, cpu or cuda; choose GPUs by CUDA_VISIBLE_DEVICES")


def run(arguments: Namespace) -> int:
    """Train to the end and print where the checkpoint is."""
    return train_with_progress(arguments, {"variant": arguments.variant} if arguments.variant else {}, arguments.prior)


def train_with_progress(arguments: Namespace, overrides: Mapping[str, Any], prior: Path | None) -> int:
    """Run the recipe that the arguments name, with a progress bar."""
    from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn, TimeRemainingColumn

    from datasets.registry import load_dataset
    from diffif.training.loop import train
    from diffif.training.recipe import load_recipe
    from suite.device import resolve_device
    from suite.settings import parse_assignments

    device = resolve_device(arguments.device)
    recipe = load_recipe(arguments.recipe, {**parse_assignments(arguments.set), **overrides})
    dataset = load_dataset(arguments.dataset, arguments.root, "train", "quality")
    held_out = load_dataset(arguments.dataset, arguments.root, "val", "quality")
    columns = (
        TextColumn("{task.description}"), BarColumn(), MofNCompleteColumn(), TimeRemainingColumn(),
        TextColumn("loss {task.fields[loss]:.3f}"),
    )  # fmt: skip
    with Progress(*columns) as progress:
        task = progress.add_task(f"training {recipe.name}", total=recipe.iterations, loss=float("nan"))

        def say_scores(step: int, scores: Mapping[str, float], is_best: bool) -> None:
            # Printed, not only drawn: the log of a batch job shows no bar before it ends.
            shown = "  ".join(f"{name} {value:.3f}" for name, value in scores.items())
            best = "  (best)" if is_best else ""
            progress.console.print(f"step {step}/{recipe.iterations}: {shown}{best}", soft_wrap=True, highlight=False)

        best = train(
            recipe, dataset, held_out, prior, arguments.out, device=device,
            on_step=lambda step, terms: progress.update(task, completed=step, loss=terms["loss"]),
            on_validation=say_scores,
        )  # fmt: skip
    print(f"best checkpoint: {best}")
    print(f"use it: python -m diffif fuse VISIBLE INFRARED --out FUSED --checkpoint {best}")
    return 0
