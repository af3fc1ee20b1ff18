"""Everything that decides a trained model, as one nested settings object; the recipes that ship are YAML files."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Literal

import yaml

from diffif.model.diffusion import ModelSettings
from diffif.model.losses import LossSettings
from diffif.model.sampler import SamplerSettings
from suite.errors import SettingsError, UnknownName
from suite.settings import from_mapping, override

RECIPES_DIR = Path(__file__).parent / "recipes"

Variant = Literal["full", "no-prior", "no-search"]
Precision = Literal["fp32", "bf16"]


@dataclass(frozen=True, kw_only=True)
class DataSettings:
    """Which crops a step sees."""

    crop: int = 128
    """Side of the square training crops in pixels; a multiple of the denoiser's stride (8)."""
    batch_size: int = 16
    """Crops per step over all processes together."""
    flip: bool = True
    """Random left-right and up-down flips."""
    balance: float = 0.0
    """0 draws every pair equally often; 1 draws every source equally often, a source being the pairs whose ids agree
    up to the first hyphen (`msrs-00004N`); values between weaken the large sources without starving them."""
    num_workers: int = 0
    """Processes that prepare crops; 0 does it in the training process."""

    def __post_init__(self) -> None:
        if self.crop < 8 or self.batch_size < 1 or self.num_workers < 0 or not 0 <= self.balance <= 1:
            raise SettingsError(
                "data needs crop >= 8, batch_size >= 1, num_workers >= 0 and 0 <= balance <= 1, got "
                f"{self.crop}, {self.batch_size}, {self.num_workers}, {self.balance}"
            )


@dataclass(frozen=True, kw_only=True)
class OptimizerSettings:
    """Adam, as published; warm-up and decay are off by default."""

    lr: float = 1e-4
    """Learning rate after warm-up."""
    warmup: int = 0
    """Steps over which the learning rate rises linearly from 0."""
    decay: Literal["constant", "cosine"] = "constant"
    """Course of the learning rate after warm-up."""
    clip_norm: float = 1.0
    """Largest gradient norm; larger gradients are scaled down."""

    def __post_init__(self) -> None:
        if self.lr <= 0 or self.warmup < 0 or self.clip_norm <= 0:
            raise SettingsError(
                f"optimizer needs lr > 0, warmup >= 0, clip_norm > 0, got {self.lr}, {self.warmup}, {self.clip_norm}"
            )


@dataclass(frozen=True, kw_only=True)
class ValidationSettings:
    """How the best checkpoint is found: image metrics on held-out pairs."""

    every: int = 1000
    """Steps between validations."""
    num_pairs: int = 8
    """Held-out pairs scored each time, evenly spaced over the validation split."""
    max_side: int = 256
    """Larger images are cropped at the centre to this side."""

    def __post_init__(self) -> None:
        if min(self.every, self.num_pairs) < 1 or self.max_side < 64:
            raise SettingsError("validation needs every >= 1, num_pairs >= 1 and max_side >= 64")


@dataclass(frozen=True, kw_only=True)
class TeacherSettings:
    """Whom a one-step student learns from; its networks and weights are the student's beginning."""

    checkpoint: Path
    """A trained Diff-IF."""
    num_steps: int = 4
    """Denoising steps that the student replaces by one."""


@dataclass(frozen=True, kw_only=True)
class Recipe:
    """One training run."""

    name: str
    """Shown in logs and in the checkpoint."""
    iterations: int = 40_000
    """Optimiser steps."""
    seed: int = 0
    """Decides initial weights, crops, noise and dropout."""
    variant: Variant = "full"
    """full, or an ablation: no-search draws each prior at random, no-prior trains without candidates."""
    model: ModelSettings = field(default_factory=ModelSettings)
    loss: LossSettings = field(default_factory=LossSettings)
    data: DataSettings = field(default_factory=DataSettings)
    optimizer: OptimizerSettings = field(default_factory=OptimizerSettings)
    sampler: SamplerSettings = field(default_factory=SamplerSettings)
    """How validation fuses, and what `--fuser diffif` does with this checkpoint unless told otherwise."""
    validation: ValidationSettings = field(default_factory=ValidationSettings)
    start: Path | None = None
    """A checkpoint to start from instead of random weights: of the same networks, or a renderer for the refiner."""
    teacher: TeacherSettings | None = None
    """Distil this model into one step instead of training from a prior."""
    ema_decay: float = 0.999
    """Decay of the averaged weights, which are the ones that are saved; 0 saves the raw weights."""
    precision: Precision = "fp32"
    """bf16 runs the networks in bfloat16 autocast; weights and losses stay float32."""
    compile: bool = False
    """torch.compile the model: minutes to start, faster steps."""
    channels_last: bool = True
    """Memory layout of the convolutions."""
    checkpoint_every: int = 250
    """Steps between checkpoints of the full training state."""

    def __post_init__(self) -> None:
        if self.iterations < 1 or self.checkpoint_every < 1 or not 0 <= self.ema_decay < 1:
            raise SettingsError(
                "a recipe needs iterations >= 1, checkpoint_every >= 1 and 0 <= ema_decay < 1, got "
                f"{self.iterations}, {self.checkpoint_every}, {self.ema_decay}"
            )
        if self.data.crop % self.model.stride:
            raise SettingsError(
                f"data.crop must be a multiple of {self.model.stride} for this model, got {self.data.crop}"
            )
        if self.teacher and self.start:
            raise SettingsError("a student starts from its teacher: give either teacher or start, not both")
        if self.teacher and self.model.process != "diffusion":
            raise SettingsError(
                f"only the process diffusion has steps to distil, the recipe asks for {self.model.process}"
            )


def recipe_names() -> list[str]:
    """Names of the recipes that ship."""
    return sorted(path.stem for path in RECIPES_DIR.glob("*.yaml"))


def load_recipe(name_or_path: str, overrides: Mapping[str, Any] | None = None) -> Recipe:
    """A recipe that ships, or a YAML file of the same keys, with dotted overrides ("optimizer.lr": "2e-4").

    Raises:
        UnknownName: neither a recipe nor a file, or a key that no recipe has.
        SettingsError: a value that does not fit.
    """
    path = Path(name_or_path)
    if path.suffix not in (".yaml", ".yml"):
        path = RECIPES_DIR / f"{name_or_path}.yaml"
    if not path.is_file():
        raise UnknownName("recipe", name_or_path, known=recipe_names(), hint="Own recipes: --recipe FILE.yaml.")
    try:
        content = yaml.safe_load(path.read_text(encoding="utf-8"))
    except yaml.YAMLError as error:
        raise SettingsError(f"{path} is not valid YAML: {error}") from error
    if not isinstance(content, dict):
        raise SettingsError(f"{path} must hold a mapping of settings, found {type(content).__name__}")
    return override(from_mapping(Recipe, {"name": path.stem, **content}), overrides or {})
