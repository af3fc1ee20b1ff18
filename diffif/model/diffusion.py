"""Diff-IF as one module: the schedule's tables, the denoiser and the refiner, and what one training step computes.

Four processes share it. `diffusion` is the published one: noise is predicted and taken away. `direct` starts from
nothing instead of noise and predicts the clean image at once. `flow` goes along straight lines from the mean of the
sources to the prior. `render` has no denoiser: the renderer fuses in one pass. Prior, losses and commands are the same.

[-1, 1] exists only in here and in the samplers: `training_losses` takes images in [0, 1].
"""

from __future__ import annotations

from dataclasses import dataclass, field, replace
from typing import Literal, NamedTuple

import torch
import torch.nn.functional as F
from torch import Tensor, nn

from diffif.model.denoiser import Denoiser, DenoiserSettings
from diffif.model.losses import LossSettings, image_terms
from diffif.model.refiner import Refiner, RefinerSettings
from diffif.model.renderer import Renderer, RendererSettings
from diffif.model.schedule import NoiseSchedule, ScheduleSettings
from suite.errors import ImageError, SettingsError

Process = Literal["diffusion", "direct", "flow", "render"]


@dataclass(frozen=True, kw_only=True)
class ModelSettings:
    """Everything that decides the tensors of a Diff-IF model; the defaults are the published ones."""

    process: Process = "diffusion"
    """diffusion (published); or, in one step: direct, flow (one or more steps), render."""
    schedule: ScheduleSettings = field(default_factory=ScheduleSettings)
    denoiser: DenoiserSettings = field(default_factory=DenoiserSettings)
    refiner: RefinerSettings | None = field(default_factory=RefinerSettings)
    """None leaves the refiner out: the denoiser's own estimate of the clean image is used (ablation)."""
    renderer: RendererSettings | None = None
    """Takes the refiner's place; in the process `render` it is the whole network, and needed."""

    def __post_init__(self) -> None:
        """Refuse a process without its network.

        Raises:
            SettingsError: `render` without renderer, or an unknown process.
        """
        if self.process not in ("diffusion", "direct", "flow", "render"):
            raise SettingsError(f"model.process must be diffusion, direct, flow or render, got {self.process!r}")
        if self.process == "render" and self.renderer is None:
            raise SettingsError("model.process render needs model.renderer, such as {}: the default sizes")

    @property
    def stride(self) -> int:
        """Height and width of the images must be multiples of this many pixels."""
        renderer = self.renderer.stride if self.renderer else 1
        return renderer if self.process == "render" else max(renderer, self.denoiser.stride)

    def built(self) -> ModelSettings:
        """These settings with defaults for the networks that another takes the place of, so that equal models agree."""
        denoiser = DenoiserSettings() if self.process == "render" else self.denoiser
        return replace(self, denoiser=denoiser, refiner=None if self.renderer else self.refiner)


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
        render = self.settings.process == "render"
        self.denoise_fn = None if render else Denoiser(self.settings.denoiser)
        self.refinement_fn: Refiner | Renderer | None = None
        if self.settings.renderer:
            self.refinement_fn = Renderer(self.settings.renderer, with_estimate=not render)
        elif self.settings.refiner:
            self.refinement_fn = Refiner(self.settings.refiner)

    @property
    def denoiser(self) -> Denoiser:
        """The noise predictor; in other processes than diffusion, what predicts the clean image or the velocity.

        Raises:
            SettingsError: the process `render` has none.
        """
        if self.denoise_fn is None:
            raise SettingsError("a model of the process render has no denoiser")
        return self.denoise_fn

    @property
    def refiner(self) -> Refiner | Renderer | None:
        """The corrector of the predicted x0; None in the ablation without it."""
        return self.refinement_fn

    @property
    def stride(self) -> int:
        """Height and width must be multiples of this many pixels."""
        return self.settings.stride

    def draw_training_levels(
        self, batch_size: int, *, generator: torch.Generator, per_sample: bool = False
    ) -> tuple[Tensor, Tensor]:
        """Random levels to train at, and those to go back from noise with, each (B, 1) on the CPU; see `losses_at`.

        Args:
            batch_size: B.
            generator: CPU generator.
            per_sample: One level per image, otherwise one for the batch; the processes of one step do not ask.
        """
        if self.settings.process == "flow":
            shares = torch.rand(batch_size if per_sample else 1, 1, generator=generator).expand(batch_size, 1)
            return shares, shares
        steps, levels = self.schedule.draw_training_levels(batch_size, generator=generator, per_sample=per_sample)
        if self.settings.process == "diffusion":
            return levels, self.schedule.levels[steps].unsqueeze(1)
        # The level at which `fuse_at_once` asks.
        return torch.zeros(batch_size, 1), torch.zeros(batch_size, 1)

    def forward(
        self, xt: Tensor, condition: Tensor, noise_level: Tensor, *, x0_level: Tensor | None = None
    ) -> Prediction:
        """Predict noise and clean image from a noisy one; in the other processes, what they have in its place.

        The refiner's input is detached, as published: its error does not train the denoiser. In `direct` it does, for
        there is no other loss to train the denoiser.

        Args:
            xt: Noisy fused luma, (B, 1, H, W), around [-1, 1]; H and W multiples of `stride`. `flow`: the image
                between the mean of the sources and the prior. `direct` and `render` do not look at it.
            condition: Visible luma and infrared, (B, 2, H, W) in [-1, 1].
            noise_level: sqrt(alpha_bar), (B, 1), in (0, 1]. `flow`: the share of the way that is done, in [0, 1).
            x0_level: Level for the way from noise to clean image, (B, 1), if it is another one: training conditions
                on a continuous level but goes back with the nearest entry of the table, as published.
        """
        process, refine = self.settings.process, self.refinement_fn
        if self.denoise_fn is None:
            assert refine is not None
            fused = refine(condition)
            return Prediction(fused, fused, fused)
        start = torch.zeros_like(xt) if process == "direct" else xt
        eps = self.denoise_fn(torch.cat([condition, start], dim=1), noise_level)
        estimate = (
            eps if process == "direct" else self._estimate(xt, eps, noise_level if x0_level is None else x0_level)
        )
        x0 = (estimate if process == "direct" else estimate.detach()).clamp(-1, 1)
        return Prediction(eps, x0, estimate if refine is None else refine(condition, x0, noise_level))

    def _estimate(self, xt: Tensor, eps: Tensor, level: Tensor) -> Tensor:
        """The clean image that the denoiser's output implies."""
        if self.settings.process == "flow":
            return xt + (1 - level[:, :, None, None]).to(xt.dtype) * eps
        return x0_from_eps(xt, eps, level)


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


def start_of_flow(condition: Tensor) -> Tensor:
    """Where `flow` begins: the mean of the sources (B, 1, H, W), of visible luma and infrared (B, 2, H, W)."""
    return condition.mean(dim=1, keepdim=True)


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
        Scalars: the weighted terms `eps`, `x0`, `intensity`, `gradient`, `ssim` and those that the settings add, and
        their sum `loss`.

    Raises:
        ImageError: shapes differ, or H and W are not multiples of the model's stride.
    """
    settings = settings or LossSettings()
    base = unwrap(model)
    _check_batch(batch, base.stride)
    level, x0_level = base.draw_training_levels(
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
        x0_level=x0_level.to(device),
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
        noise: (B, 1, H, W), standard normal; only `diffusion` looks at it.
        noise_level: Continuous level that makes x_t and conditions the networks, (B, 1). `flow`: share of the way.
        x0_level: Table level used to go back from noise to clean image, (B, 1).
        settings: Weights.

    Returns:
        As `training_losses`; `eps` is left out where nothing is predicted but the image.
    """
    process = unwrap(model).settings.process
    condition = torch.cat([batch.visible, batch.infrared], dim=1)
    level = noise_level[:, :, None, None]
    wanted, xt = noise, level * batch.target + (1 - level**2).sqrt() * noise
    if process == "flow":
        start = start_of_flow(condition)
        wanted, xt, x0_level = batch.target - start, start + level * (batch.target - start), noise_level
    prediction = model(xt, condition, noise_level, x0_level=x0_level)
    # Losses are small differences of large numbers: in float32 whatever surrounds the networks.
    with torch.autocast(condition.device.type, enabled=False):
        terms = image_terms(prediction.refined.float(), *batch, settings=settings)
        if process in ("diffusion", "flow"):
            terms = {"eps": settings.eps * F.l1_loss(prediction.eps.float(), wanted), **terms}
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
