"""Train Diff-IF on a dataset and its fusion knowledge prior, or resume an interrupted run.

The same command resumes: a killed run continues from its last checkpoint and gives the numbers it would have given.
Several GPUs or machines: accelerate launch -m diffif train ...

Examples:
  python -m diffif train --recipe small --dataset msrs --root MSRS --prior prior/Fusion_K --out runs/small
  python -m diffif train --recipe ivf --dataset msrs --root MSRS --prior P --device cuda --set precision=bf16
  python -m diffif train --recipe small --dataset msrs --root MSRS --variant no-prior --out runs/no-prior
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Annotated, Any, Literal

from suite.device import DeviceChoice
from suite.options import Argument


@dataclass(frozen=True, kw_only=True)
class RunSettings(DeviceChoice):
    """What every training run of Diff-IF needs."""

    dataset: Annotated[str, Argument(metavar="NAME")]
    """A name from `python -m datasets list`."""
    root: Annotated[Path, Argument(metavar="DIR")]
    """Folder of the dataset."""
    out: Annotated[Path, Argument(metavar="DIR")]
    """Folder of the run."""
    recipe: Annotated[str, Argument(metavar="NAME")] = "small"
    """A recipe that ships (ivf, mif, small ...), or a YAML file."""
    set: dict[str, Any] = field(default_factory=dict)
    """Any key of the recipe, for example data.crop=96."""


@dataclass(frozen=True, kw_only=True)
class TrainSettings(RunSettings):
    """What to train, on which pairs."""

    prior: Annotated[Path | None, Argument(metavar="DIR")] = None
    """Folder of priors (<id>.png), from `python -m diffif search`."""
    variant: Literal["full", "no-prior", "no-search"] | None = None
    """Which part of the method to leave out (no-search draws each prior from the pool beside --prior instead); without
    it what the recipe says."""


def run(settings: TrainSettings) -> int:
    """Train to the end and print where the checkpoint is."""
    print_result(run_training(settings))
    return 0


def run_training(settings: TrainSettings) -> Path:
    """Train to the end, with a progress bar; returns the best checkpoint."""
    return train_with_progress(settings, {"variant": settings.variant} if settings.variant else {}, settings.prior)


def print_result(best: Path) -> None:
    """Say where the checkpoint is and how to use it."""
    print(f"best checkpoint: {best}")
    print(f"use it: python -m diffif fuse VISIBLE INFRARED --out FUSED --checkpoint {best}")


def train_with_progress(settings: RunSettings, overrides: Mapping[str, Any], prior: Path | None) -> Path:
    """Run the recipe that the settings name, with a progress bar; returns the best checkpoint."""
    from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn, TimeRemainingColumn

    from datasets.registry import load_dataset
    from diffif.prior.drawn import drawn_prior
    from diffif.training.loop import train
    from diffif.training.recipe import load_recipe
    from suite.device import resolve_device

    device = resolve_device(settings.device)
    recipe = load_recipe(settings.recipe, {**settings.set, **overrides})
    dataset = load_dataset(settings.dataset, settings.root, "train", "quality")
    held_out = load_dataset(settings.dataset, settings.root, "val", "quality")
    if recipe.variant == "no-search" and prior is not None:
        prior = drawn_prior(prior, dataset.samples, settings.out / "prior", seed=recipe.seed)
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

        return train(
            recipe, dataset, held_out, prior, settings.out, device=device,
            on_step=lambda step, terms: progress.update(task, completed=step, loss=terms["loss"]),
            on_validation=say_scores,
        )  # fmt: skip
