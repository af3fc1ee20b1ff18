"""The training loop: steps, averaged weights, checkpoints, validation, and an exact resume.

One process or many: started by `accelerate launch`, each process takes its share of the same global batch.

    <out>/recipe.yaml          every setting of the run
    <out>/last.pt              full state; a restart resumes from it
    <out>/last.safetensors     averaged weights
    <out>/best.safetensors     averaged weights of the best validation
    <out>/losses.csv           every step's loss terms
    <out>/validation.csv       every validation's scores
    <out>/tensorboard/         the same as curves, with sample images
"""

from __future__ import annotations

import hashlib
import math
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

import torch
import yaml
from accelerate import Accelerator
from torch import Tensor
from torch.optim import Adam

from datasets.base import PairedDataset
from diffif.fusers.diffusion.diffif import find_checkpoint
from diffif.model.checkpoint import CheckpointCard, load_checkpoint, save_checkpoint
from diffif.model.diffusion import DiffIF, TrainingBatch, losses_at, unwrap
from diffif.model.distillation import distillation_losses
from diffif.model.losses import LossSettings
from diffif.model.warm_start import start_from
from diffif.prior.drawn import check_choice
from diffif.training.data import PriorPairs, as_training_batch, crop_loader, step_generator
from diffif.training.journal import Journal
from diffif.training.recipe import Recipe
from diffif.training.state import (
    STATE_FILE,
    TrainingState,
    averaged,
    load_state,
    recipe_key,
    save_state,
    weights_to_save,
)
from diffif.training.validation import Validation
from suite.errors import SettingsError, TrainingError
from suite.files import make_dir, write_text
from suite.settings import fingerprint, to_mapping

OnStep = Callable[[int, dict[str, float]], None]
OnValidation = Callable[[int, dict[str, float], bool], None]


def train(
    recipe: Recipe,
    dataset: PairedDataset,
    held_out: PairedDataset,
    prior_dir: Path | None,
    out: Path,
    *,
    device: str = "cpu",
    on_step: OnStep | None = None,
    on_validation: OnValidation | None = None,
) -> Path:
    """Train Diff-IF, or go on with a run that was interrupted.

    Args:
        recipe: All settings.
        dataset: Training pairs.
        held_out: Validation pairs, none of them in `dataset`.
        prior_dir: Folder of priors, `<id>.png`; None only for the variant no-prior.
        out: Folder of the run.
        device: "cpu" or "cuda".
        on_step: Called in the main process after each step with its number (from 1) and loss terms.
        on_validation: Called in the main process after each validation with the step, its scores, and whether they
            are the best so far.

    Returns:
        The best checkpoint.

    Raises:
        SettingsError: settings that contradict each other, or a run of another recipe lies in `out`.
        DatasetError: priors or images that do not fit.
        TrainingError: the loss became non-finite; the last good checkpoint is kept.
    """
    _check(recipe, dataset, held_out, prior_dir)
    run = _Run(recipe, dataset, held_out, prior_dir, make_dir(out), device)
    return run.loop(on_step or (lambda step, terms: None), on_validation or (lambda step, scores, is_best: None))


class _Run:
    """One process's part of a training run."""

    def __init__(
        self,
        recipe: Recipe,
        dataset: PairedDataset,
        held_out: PairedDataset,
        prior_dir: Path | None,
        out: Path,
        device: str,
    ) -> None:
        self.recipe, self.dataset, self.out = recipe, dataset, out
        mixed = "bf16" if recipe.precision == "bf16" else "no"
        self.accelerator = Accelerator(cpu=device == "cpu", mixed_precision=mixed)
        self.device = self.accelerator.device
        self.pairs = PriorPairs(dataset.samples, prior_dir, recipe.data.crop)
        self.loss = effective_loss(recipe)
        self.key = recipe_key(recipe, fingerprint([dataset.fingerprint, _prior_fingerprint(self.pairs)]))
        self.teacher = _teacher(recipe, self.device)
        model = _new_model(recipe, self.teacher)
        if recipe.channels_last:
            model = model.to(memory_format=torch.channels_last)
        model.to(self.device).train(self.teacher is None)
        optimizer = Adam(model.parameters(), lr=recipe.optimizer.lr)
        self.state = TrainingState(model, optimizer, averaged(model, recipe.ema_decay))
        torch.manual_seed(recipe.seed + self.accelerator.process_index)
        if (out / STATE_FILE).is_file():
            load_state(out / STATE_FILE, self.state, self.key, device=self.device)
        compiled = torch.compile(model) if recipe.compile else model
        self.wrapped = self.accelerator.prepare_model(compiled)
        self.validation = Validation(held_out.samples, recipe.validation, model.stride)
        self.journal = Journal(out, first_step=self.state.step, active=self.accelerator.is_main_process)

    def loop(self, on_step: OnStep, on_validation: OnValidation) -> Path:
        recipe, state = self.recipe, self.state
        if self.accelerator.is_main_process:
            write_text(self.out / "recipe.yaml", yaml.safe_dump(to_mapping(recipe), sort_keys=False))
        rank, world_size = self.accelerator.process_index, self.accelerator.num_processes
        loader = crop_loader(self.pairs, recipe, first_step=state.step, rank=rank, world_size=world_size)
        for crops in loader:
            terms = self._step(crops.to(self.device, non_blocking=True))
            state.step += 1
            last = state.step == recipe.iterations
            if self.accelerator.is_main_process:
                self.journal.losses(state.step, terms)
                on_step(state.step, terms)
                if last or state.step % recipe.validation.every == 0:
                    self._validate(on_validation)
                if last or state.step % recipe.checkpoint_every == 0:
                    self._save()
        self.accelerator.wait_for_everyone()
        self.journal.close()
        self.accelerator.end_training()
        return self.out / "best.safetensors"

    def _step(self, crops: Tensor) -> dict[str, float]:
        recipe, state = self.recipe, self.state
        for group in state.optimizer.param_groups:
            group["lr"] = learning_rate(recipe, state.step)
        batch = as_training_batch(crops)
        terms = self._losses(batch)
        state.optimizer.zero_grad(set_to_none=True)
        self.accelerator.backward(terms["loss"])
        norm = torch.nn.utils.clip_grad_norm_(state.model.parameters(), recipe.optimizer.clip_norm)
        if not bool(terms["loss"].isfinite() & norm.isfinite()):
            self._refuse_poison(terms)
        state.optimizer.step()
        state.ema.update_parameters(unwrap(self.wrapped))
        means = self.accelerator.reduce(torch.stack([t.detach().float() for t in terms.values()]), reduction="mean")
        return dict(zip(terms, means.tolist(), strict=True))

    def _losses(self, batch: TrainingBatch) -> dict[str, Tensor]:
        draws = self._diffusion_step(batch)
        if self.teacher is None or self.recipe.teacher is None:
            return losses_at(self.wrapped, batch, settings=self.loss, **draws)
        num_steps = self.recipe.teacher.num_steps
        return distillation_losses(self.wrapped, self.teacher, batch, noise=draws["noise"], num_steps=num_steps)

    def _diffusion_step(self, batch: TrainingBatch) -> dict[str, Tensor]:
        # Drawn for the whole global batch in every process, then cut: the numbers do not depend on the processes.
        recipe, model = self.recipe, self.state.model
        generator = step_generator(recipe.seed, "diffusion", self.state.step)
        share = len(batch.target)
        mine = slice(self.accelerator.process_index * share, (self.accelerator.process_index + 1) * share)
        level, x0_level = model.draw_training_levels(
            recipe.data.batch_size, generator=generator, per_sample=self.loss.step_per_sample
        )
        shape = (recipe.data.batch_size, *batch.target.shape[1:])
        # Only diffusion looks at it, and on a GPU drawing it here would cost as much as the rest of the step.
        needed = model.settings.process == "diffusion"
        noise = torch.randn(shape, generator=generator) if needed else torch.zeros(1).expand(shape)
        return {
            "noise": noise[mine].to(self.device),
            "noise_level": level[mine].to(self.device),
            "x0_level": x0_level[mine].to(self.device),
        }

    def _refuse_poison(self, terms: dict[str, Tensor]) -> None:
        found = ", ".join(f"{name} {float(value.detach()):.3g}" for name, value in terms.items())
        raise TrainingError(
            f"the loss or its gradient is not finite at step {self.state.step + 1} ({found}). Training stopped; "
            f"the last good state is {self.out / STATE_FILE}. Lower it and resume: --set optimizer.lr=..., "
            "or use precision=fp32, with another --out."
        )

    def _validate(self, on_validation: OnValidation) -> None:
        model = weights_to_save(self.state, self.recipe)
        fused = self.validation.fuse(model, self.recipe.sampler, self.device)
        scores = self.validation.score(fused)
        self.journal.validation(self.state.step, scores, fused, self.validation.pairs)
        is_best = scores["goal"] > self.state.best_score or not (self.out / "best.safetensors").is_file()
        if is_best:
            self.state.best_score = scores["goal"]
            save_checkpoint(self.out / "best.safetensors", model, self._card(scores))
        on_validation(self.state.step, scores, is_best)

    def _save(self) -> None:
        save_checkpoint(self.out / "last.safetensors", weights_to_save(self.state, self.recipe), self._card({}))
        self.journal.flush()
        save_state(self.out / STATE_FILE, self.state, self.key)

    def _card(self, scores: dict[str, float]) -> CheckpointCard:
        data = {"name": self.dataset.name, "split": self.dataset.split, "fingerprint": self.dataset.fingerprint}
        return CheckpointCard(
            settings=self.state.model.settings,
            recipe=to_mapping(self.recipe),
            step=self.state.step,
            scores=scores,
            notes={"data": {**data, "num_pairs": len(self.dataset)}},
        )


def _teacher(recipe: Recipe, device: torch.device) -> DiffIF | None:
    return load_checkpoint(recipe.teacher.checkpoint, device=device).model if recipe.teacher else None


def _new_model(recipe: Recipe, teacher: DiffIF | None) -> DiffIF:
    with torch.random.fork_rng(devices=[]):
        # The edge where a global seed is allowed: layer constructors know no generator.
        torch.manual_seed(recipe.seed)
        model = DiffIF(teacher.settings if teacher else recipe.model)
    if teacher:
        model.load_state_dict(teacher.state_dict())
    elif recipe.start:
        start_from(model, load_checkpoint(find_checkpoint(recipe.start)).model, name=str(recipe.start))
    return model


def effective_loss(recipe: Recipe) -> LossSettings:
    """The loss of a variant: without a prior, the supervised term has nothing to compare with and is left out."""
    return replace(recipe.loss, x0=0.0) if recipe.variant == "no-prior" else recipe.loss


def learning_rate(recipe: Recipe, step: int) -> float:
    """Learning rate of step number `step`, counted from 0."""
    settings = recipe.optimizer
    if step < settings.warmup:
        return settings.lr * (step + 1) / settings.warmup
    if settings.decay == "constant":
        return settings.lr
    progress = (step - settings.warmup) / max(recipe.iterations - settings.warmup, 1)
    return settings.lr * 0.5 * (1 + math.cos(math.pi * min(progress, 1.0)))


def _check(recipe: Recipe, dataset: PairedDataset, held_out: PairedDataset, prior_dir: Path | None) -> None:
    if recipe.teacher and prior_dir is not None:
        raise SettingsError("a student learns from its teacher and takes no --prior.")
    if not recipe.teacher and (prior_dir is None) != (recipe.variant == "no-prior"):
        needs = "takes no --prior" if recipe.variant == "no-prior" else "needs --prior FOLDER (see: diffif search)"
        raise SettingsError(f"the variant {recipe.variant} {needs}.")
    if prior_dir is not None:
        check_choice(recipe.variant, prior_dir)
    shared = {s.id for s in dataset} & {s.id for s in held_out} if dataset.name == held_out.name else set()
    if shared:
        raise SettingsError(f"{len(shared)} validation pairs are training pairs too, such as {sorted(shared)[0]}.")


def _prior_fingerprint(pairs: PriorPairs) -> str:
    return fingerprint([hashlib.sha256(image[2].tobytes()).hexdigest() for image in pairs.images])
