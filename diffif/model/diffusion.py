"""Diff-IF as one module: the schedule's tables, the denoiser and the refiner, and what one training step computes.

[-1, 1] exists only in here and in `sampler.py`: `training_losses` takes images in [0, 1].
"""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import NamedTuple

import torch
import torch.nn.functional as F
from torch import Tensor, nn

from diffif.model.denoiser import Denoiser, DenoiserSettings
from diffif.model.losses import LossSettings, gradient_loss, intensity_loss, ssim_loss
from diffif.model.refiner import Refiner, RefinerSettings
from diffif.model.schedule import NoiseSchedule, ScheduleSettings
from suite.errors import ImageError


@dataclass(frozen=True, kw_only=True)
class ModelSettings:
    """Everything that decides the tensors of a Diff-IF model; the defaults are the published ones."""

    schedule: ScheduleSettings = field(default_factory=ScheduleSettings)
    denoiser: DenoiserSettings = field(default_factory=DenoiserSettings)
    refiner: RefinerSettings | None = field(default_factory=RefinerSettings)
    """None leaves the refiner out: the denoiser's own estimate of the clean image is used (ablation)."""


class TrainingBatch(NamedTuple):
    """Crops of one training step, each (B, 1, H, W) in [0, 1], H and W multiples of the denoiser's stride."""

    visible: Tensor
    """Luma of the visible images."""
    infrared: Tensor
    target: Tensor
    """Luma of the prior (x0): the chosen candidates, or their stand-in in an ablation."""


class Prediction(NamedTuple):
    """What the model makes of one x_t; all (B, 1, H, W)."""

    eps: Tensor
    """Predicted noise."""
    x0: Tensor
    """Clean image that `eps` implies, clamped to [-1, 1]: what the refiner is given."""
    refined: Tensor
    """The refiner's output before any clamp; `x0` itself where there is no refiner."""


class DiffIF(nn.Module):
    """Denoiser, refiner and schedule under the tensor names of the published checkpoints.

    Args:
        settings: Sizes and schedule.
    Source: Yi et al., Diff-IF, Information Fusion, 2024.
    """

    def __init__(self, settings: ModelSettings | None = None) -> None:
        super().__init__()
        self.settings = settings or ModelSettings()
        self.schedule = NoiseSchedule(self.settings.schedule)
        for name, table in self.schedule.buffers().items():
            self.register_buffer(name, table)
        self.denoise_fn = Denoiser(self.settings.denoiser)
        self.refinement_fn = Refiner(self.settings.refiner) if self.settings.refiner else None

    @property
    def denoiser(self) -> Denoiser:
        """The noise predictor."""
        return self.denoise_fn

    @property
    def refiner(self) -> Refiner | None:
        """The corrector of the predicted x0; None in the ablation without it."""
        return self.refinement_fn

    @property
    def stride(self) -> int:
        """Height and width must be multiples of this many pixels."""
        return self.settings.denoiser.stride

    def forward(
        self, xt: Tensor, condition: Tensor, noise_level: Tensor, *, x0_level: Tensor | None = None
    ) -> Prediction:
        """Predict noise and clean image from a noisy one.

        The refiner's input is detached, as published: its error does not train the denoiser.

        Args:
            xt: Noisy fused luma, (B, 1, H, W), around [-1, 1]; H and W multiples of `stride`.
            condition: Visible luma and infrared, (B, 2, H, W) in [-1, 1].
            noise_level: sqrt(alpha_bar), (B, 1), in (0, 1].
            x0_level: Level for the way from noise to clean image, (B, 1), if it is another one: training conditions
                on a continuous level but goes back with the nearest entry of the table, as published.
        """
        level = noise_level if x0_level is None else x0_level
        eps = self.denoise_fn(torch.cat([condition, xt], dim=1), noise_level)
        estimate = x0_from_eps(xt, eps, level)
        x0 = estimate.detach().clamp(-1, 1)
        if self.refinement_fn is None:
            return Prediction(eps, x0, estimate)
        return Prediction(eps, x0, self.refinement_fn(condition, x0, noise_level))


def x0_from_eps(xt: Tensor, eps: Tensor, noise_level: Tensor) -> Tensor:
    """Clean image (B, 1, H, W) that a noise estimate implies: (x_t - sqrt(1 - level^2) eps) / level.

    Args:
        xt: Noisy image, (B, 1, H, W).
        eps: Noise estimate, same shape.
        noise_level: (B, 1); float64 near level 1, where the square root loses digits.
    """
    level = noise_level.double()[:, :, None, None]
    scale, share = 1 / level, (1 / level**2 - 1).sqrt()
    return scale.to(xt.dtype) * xt - share.to(xt.dtype) * eps


def training_losses(
    model: nn.Module, batch: TrainingBatch, *, generator: torch.Generator, settings: LossSettings | None = None
) -> dict[str, Tensor]:
    """One random diffusion step on a batch.

    Args:
        model: May be wrapped by torch.compile or for data-parallel training.
        batch: Crops in [0, 1].
        generator: CPU generator of step, level and noise, so that a run repeats on any device.
        settings: Weights; the published ones if None.

    Returns:
        Scalars: the weighted terms `eps`, `x0`, `intensity`, `gradient`, `ssim`, and their sum `loss`.

    Raises:
        ImageError: shapes differ, or H and W are not multiples of the model's stride.
    """
    settings = settings or LossSettings()
    base = unwrap(model)
    _check_batch(batch, base.stride)
    steps, level = base.schedule.draw_training_levels(
        len(batch.target), generator=generator, per_sample=settings.step_per_sample
    )
    noise = torch.randn(batch.target.shape, generator=generator)
    device = batch.target.device
    scaled = TrainingBatch(*(2 * image - 1 for image in batch))
    return losses_at(
        model,
        scaled,
        noise=noise.to(device),
        noise_level=level.to(device),
        x0_level=base.schedule.levels[steps].unsqueeze(1).to(device),
        settings=settings,
    )


def losses_at(
    model: nn.Module,
    batch: TrainingBatch,
    *,
    noise: Tensor,
    noise_level: Tensor,
    x0_level: Tensor,
    settings: LossSettings,
) -> dict[str, Tensor]:
    """The loss terms at a given step, level and noise.

    Args:
        model: A `DiffIF`, possibly wrapped for several devices.
        batch: Crops in [-1, 1].
        noise: (B, 1, H, W), standard normal.
        noise_level: Continuous level that makes x_t and conditions the networks, (B, 1).
        x0_level: Table level used to go back from noise to clean image, (B, 1).
        settings: Weights.

    Returns:
        As `training_losses`.
    """
    visible, infrared, target = batch
    level = noise_level[:, :, None, None]
    xt = level * target + (1 - level**2).sqrt() * noise
    prediction = model(xt, torch.cat([visible, infrared], dim=1), noise_level, x0_level=x0_level)
    eps, refined = prediction.eps.float(), prediction.refined.float()
    fused = refined.clamp(-1, 1)
    terms = {
        "eps": settings.eps * F.l1_loss(eps, noise),
        "x0": settings.x0 * F.l1_loss(fused, target),
        "intensity": settings.intensity * intensity_loss(fused, visible, infrared),
        "gradient": settings.gradient * gradient_loss(fused, visible, infrared),
        "ssim": settings.ssim
        * (ssim_loss(fused, visible, form=settings.ssim_form) + ssim_loss(fused, infrared, form=settings.ssim_form)),
    }
    return {**terms, "loss": torch.stack(list(terms.values())).sum()}


def unwrap(model: nn.Module) -> DiffIF:
    """The `DiffIF` inside the wrappers of torch.compile and of data-parallel training."""
    while not isinstance(model, DiffIF):
        inner = getattr(model, "module", None) or getattr(model, "_orig_mod", None)
        if not isinstance(inner, nn.Module):
            raise TypeError(f"expected a DiffIF, possibly wrapped, found {type(model).__name__}")
        model = inner
    return model


def _check_batch(batch: TrainingBatch, stride: int) -> None:
    shapes = {name: tuple(image.shape) for name, image in batch._asdict().items()}
    height, width = batch.target.shape[-2:]
    if len(set(shapes.values())) != 1 or batch.target.ndim != 4 or batch.target.shape[1] != 1:
        raise ImageError(f"a training batch needs three images of one shape (B, 1, H, W), got {shapes}")
    if height % stride or width % stride:
        raise ImageError(f"training crops are {height}x{width} (HxW); both must be multiples of {stride}")
