"""The state of a training run on disk: what makes a resumed run equal an undisturbed one, bit for bit on one device."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import Any

import torch
from torch import Tensor, nn
from torch.optim import Optimizer
from torch.optim.swa_utils import AveragedModel

from diffif.model.diffusion import DiffIF
from diffif.training.recipe import Recipe
from suite.errors import CheckpointError, SettingsError
from suite.files import write_file
from suite.settings import fingerprint, to_mapping

STATE_FILE = "last.pt"

EMA_RAMP = 10
"""The averaged weights follow quickly at first: step n uses decay min(decay, (1 + n) / (EMA_RAMP + n))."""


@dataclass
class TrainingState:
    """What changes while training."""

    model: DiffIF
    optimizer: Optimizer
    ema: AveragedModel
    step: int = 0
    """Optimiser steps done."""
    best_score: float = float("-inf")


def averaged(model: DiffIF, decay: float) -> AveragedModel:
    """Exponential moving average of a model's weights, with a ramp for short runs."""

    def update(averages: Any, current: Any, num_averaged: Tensor | int) -> None:
        count = int(num_averaged)
        rate = min(decay, (1 + count) / (EMA_RAMP + count))
        torch._foreach_lerp_(averages, current, 1 - rate)

    return AveragedModel(model, multi_avg_fn=update)


def recipe_key(recipe: Recipe, data_fingerprint: str) -> str:
    """Changes with whatever would make a resumed run another one; the number of iterations may grow."""
    content = to_mapping(recipe)
    for harmless in ("iterations", "checkpoint_every", "compile", "name"):
        content.pop(harmless)
    return fingerprint({"recipe": content, "data": data_fingerprint})


def save_state(path: Path, state: TrainingState, key: str) -> None:
    """Write everything a restart needs, atomically."""
    content = {
        "key": key,
        "step": state.step,
        "best_score": state.best_score,
        "model": state.model.state_dict(),
        "ema": state.ema.state_dict(),
        "optimizer": state.optimizer.state_dict(),
        "rng": torch.get_rng_state(),
        "rng_cuda": torch.cuda.get_rng_state_all() if torch.cuda.is_available() else [],
    }
    with write_file(path) as temporary:
        torch.save(content, temporary)


def load_state(path: Path, state: TrainingState, key: str, *, device: torch.device) -> None:
    """Continue from a file that `save_state` wrote.

    Raises:
        CheckpointError: the file is damaged.
        SettingsError: it belongs to another recipe or other data.
    """
    try:
        content = torch.load(path, map_location=device, weights_only=True)
        found = content["key"]
    except (OSError, RuntimeError, EOFError, KeyError, ValueError) as error:
        raise CheckpointError(
            f"{path} cannot be read ({error}). Delete it to start this run from the beginning."
        ) from error
    if found != key:
        raise SettingsError(
            f"{path} belongs to another recipe or other training data. Pass another --out, or delete that folder."
        )
    state.model.load_state_dict(content["model"])
    state.ema.load_state_dict(content["ema"])
    state.optimizer.load_state_dict(content["optimizer"])
    state.step, state.best_score = int(content["step"]), float(content["best_score"])
    torch.set_rng_state(content["rng"].cpu())
    if content["rng_cuda"] and torch.cuda.is_available():
        torch.cuda.set_rng_state_all([rng.cpu() for rng in content["rng_cuda"]])


def weights_to_save(state: TrainingState, recipe: Recipe) -> DiffIF:
    """The weights that a checkpoint gets: averaged, or raw where the recipe does not average."""
    if recipe.ema_decay == 0:
        return state.model
    module: nn.Module = state.ema.module
    assert isinstance(module, DiffIF)
    return module
