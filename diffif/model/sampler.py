"""Samplers: plain functions from a condition and a noise source to a clean image, all with the same arguments.

Each step predicts noise and clean image, and continues from the refined clean image (clamped to [-1, 1]), as published.
None of them knows about settings, files or colour. Images are in [-1, 1].
"""

from __future__ import annotations

import math
from collections.abc import Callable
from dataclasses import dataclass
from itertools import pairwise
from typing import Literal, NamedTuple, Protocol

import torch
from torch import Tensor

from diffif.model.diffusion import DiffIF, Prediction
from diffif.model.noise import ImageNoise, NoiseSource
from diffif.model.one_step import fuse_at_once, fuse_by_flow
from diffif.model.schedule import NoiseSchedule
from suite.errors import SettingsError


class Model(Protocol):
    """What a sampler needs of a model; `DiffIF` is one."""

    def __call__(self, xt: Tensor, condition: Tensor, noise_level: Tensor, *, x0_level: Tensor) -> Prediction:
        """Predict from x_t (B, 1, H, W), condition (B, 2, H, W) and noise level (B, 1)."""
        ...


class SamplerStep(NamedTuple):
    """What a callback sees after each step."""

    number: int
    """0 for the first step."""
    timestep: int
    """Diffusion step t that was left, T - 1 first."""
    noise_level: float
    """sqrt(alpha_bar) at t."""
    xt: Tensor
    """The noisy image that went in, (B, 1, H, W)."""
    prediction: Prediction
    """The model's answer, before the clamp of the refined image."""
    x_next: Tensor
    """The image that goes into the next step; after the last step, the result."""


Callback = Callable[[SamplerStep], None]
SamplerName = Literal["ddim", "ddpm", "dpmpp-2m"]


@dataclass(frozen=True, kw_only=True)
class SamplerSettings:
    """How a fused image is drawn; the defaults are the published ones."""

    method: SamplerName = "ddim"
    """ddim, ddpm (ancestral) or dpmpp-2m (DPM-Solver++ of second order, deterministic after the first noise)."""
    num_steps: int = 4
    """Denoising steps; the published code uses 4."""
    eta: float = 1.0
    """Only for ddim: 0 = deterministic, 1 = as random as DDPM."""
    seed: int = 0
    """Decides the noise of every pixel, together with its position."""

    def __post_init__(self) -> None:
        """Refuse what no sampler can do.

        Raises:
            SettingsError: an unknown method, no step, eta outside [0, 1].
        """
        if self.method not in SAMPLERS:
            raise SettingsError(f"sampler.method must be one of {', '.join(SAMPLERS)}, got {self.method!r}")
        if self.num_steps < 1:
            raise SettingsError(f"sampler.num_steps must be at least 1, got {self.num_steps}")
        if not 0 <= self.eta <= 1:
            raise SettingsError(f"sampler.eta must lie in [0, 1], got {self.eta}")


def sample_ddim(
    model: Model,
    condition: Tensor,
    schedule: NoiseSchedule,
    *,
    num_steps: int,
    eta: float,
    noise: NoiseSource,
    callback: Callback | None = None,
) -> Tensor:
    """Draw fused images with DDIM. The noise estimate is not recomputed from the refined image, as published.

    Args:
        model: Predicts noise and clean image.
        condition: Visible luma and infrared, (B, 2, H, W) in [-1, 1].
        schedule: The schedule that the model was trained with.
        num_steps: Denoising steps, 1..T.
        eta: 0 = deterministic, 1 = as random as DDPM.
        noise: Where all randomness comes from; asked for the starting image, and for each step but the last.
        callback: Called after each step.

    Returns:
        (B, 1, H, W) in [-1, 1].

    Raises:
        SettingsError: `num_steps` outside 1..T.
    Source: Song et al., Denoising Diffusion Implicit Models, 2021, equations 12 and 16.
    """

    def step(xt: Tensor, prediction: Prediction, a: float, a_next: float, index: int) -> Tensor:
        sigma = eta * math.sqrt(max(0.0, (1 - a_next) / (1 - a) * (1 - a / a_next)))
        x = math.sqrt(a_next) * prediction.refined.clamp(-1, 1)
        x = x + math.sqrt(max(0.0, 1 - a_next - sigma**2)) * prediction.eps
        return x + sigma * noise(index + 1) if sigma > 0 else x

    return _run(model, condition, schedule, schedule.timesteps(num_steps), noise, callback, step)


def sample_ddpm(
    model: Model,
    condition: Tensor,
    schedule: NoiseSchedule,
    *,
    num_steps: int,
    eta: float = 1.0,
    noise: NoiseSource,
    callback: Callback | None = None,
) -> Tensor:
    """Draw fused images by ancestral sampling from the posterior q(x_s | x_t, x0) of evenly spaced steps.

    Args:
        model: As in `sample_ddim`.
        condition: As in `sample_ddim`.
        schedule: As in `sample_ddim`.
        num_steps: T gives the algorithm of the paper; fewer steps skip evenly.
        eta: Scales the posterior's standard deviation; 1 is ancestral sampling.
        noise: As in `sample_ddim`.
        callback: As in `sample_ddim`.

    Source: Ho et al., Denoising Diffusion Probabilistic Models, 2020, algorithm 2 and equation 7.
    """

    def step(xt: Tensor, prediction: Prediction, a: float, a_next: float, index: int) -> Tensor:
        beta = 1 - a / a_next
        x = math.sqrt(a_next) * beta / (1 - a) * prediction.refined.clamp(-1, 1)
        x = x + math.sqrt(1 - beta) * (1 - a_next) / (1 - a) * xt
        sigma = eta * math.sqrt(max(0.0, beta * (1 - a_next) / (1 - a)))
        return x + sigma * noise(index + 1) if sigma > 0 else x

    return _run(model, condition, schedule, schedule.timesteps(num_steps), noise, callback, step)


def sample_dpmpp_2m(
    model: Model,
    condition: Tensor,
    schedule: NoiseSchedule,
    *,
    num_steps: int,
    eta: float = 0.0,
    noise: NoiseSource,
    callback: Callback | None = None,
) -> Tensor:
    """Draw fused images with the second-order multistep DPM-Solver++ on the refined clean image.

    Args:
        model: As in `sample_ddim`.
        condition: As in `sample_ddim`.
        schedule: As in `sample_ddim`.
        num_steps: As in `sample_ddim`.
        eta: Not used: only the starting image is random.
        noise: Asked for number 0 alone.
        callback: As in `sample_ddim`.

    Source: Lu et al., DPM-Solver++, 2022, algorithm 2; the first and the last step are of first order.
    """
    last: list[tuple[Tensor, float]] = []

    def step(xt: Tensor, prediction: Prediction, a: float, a_next: float, index: int) -> Tensor:
        x0 = prediction.refined.clamp(-1, 1)
        if a_next >= 1:
            return x0
        h = _half_log_snr(a_next) - _half_log_snr(a)
        estimate = x0
        if last:
            x0_last, h_last = last.pop()
            ratio = h_last / h
            estimate = (1 + 1 / (2 * ratio)) * x0 - 1 / (2 * ratio) * x0_last
        last.append((x0, h))
        return math.sqrt((1 - a_next) / (1 - a)) * xt - math.sqrt(a_next) * math.expm1(-h) * estimate

    return _run(model, condition, schedule, schedule.timesteps(num_steps), noise, callback, step)


class Sampler(Protocol):
    """What all samplers look like; see `sample_ddim`."""

    def __call__(
        self,
        model: Model,
        condition: Tensor,
        schedule: NoiseSchedule,
        *,
        num_steps: int,
        eta: float,
        noise: NoiseSource,
        callback: Callback | None = None,
    ) -> Tensor:
        """Draw fused images."""
        ...


SAMPLERS: dict[str, Sampler] = {"ddim": sample_ddim, "ddpm": sample_ddpm, "dpmpp-2m": sample_dpmpp_2m}


def sample(
    model: Model,
    condition: Tensor,
    schedule: NoiseSchedule,
    settings: SamplerSettings,
    *,
    noise: NoiseSource | None = None,
    callback: Callback | None = None,
) -> Tensor:
    """Draw fused images: by the sampler that the settings name, or as the model's process asks for.

    Args:
        model: As `sample_ddim`. Of a `DiffIF` of another process than diffusion only `num_steps` is asked for, and of
            `direct` and `render` nothing.
        condition: As `sample_ddim`.
        schedule: As `sample_ddim`.
        settings: Method, steps, eta and seed.
        noise: Where randomness comes from; `ImageNoise` of the seed if None.
        callback: As `sample_ddim`.
    """
    if isinstance(model, DiffIF) and model.settings.process != "diffusion":
        if model.settings.process == "flow":
            return fuse_by_flow(model, condition, num_steps=settings.num_steps)
        return fuse_at_once(model, condition)
    height, width = condition.shape[-2:]
    return SAMPLERS[settings.method](
        model,
        condition,
        schedule,
        num_steps=settings.num_steps,
        eta=settings.eta,
        noise=noise or ImageNoise(settings.seed, height, width, device=condition.device),
        callback=callback,
    )


_Step = Callable[[Tensor, Prediction, float, float, int], Tensor]


def _run(
    model: Model,
    condition: Tensor,
    schedule: NoiseSchedule,
    timesteps: list[int],
    noise: NoiseSource,
    callback: Callback | None,
    step: _Step,
) -> Tensor:
    """The loop that all samplers share: predict at t, go to the next t."""
    batch, _, height, width = condition.shape
    x = noise(0).to(condition).expand(batch, 1, height, width)
    for index, (t, t_next) in enumerate(pairwise(timesteps)):
        a, a_next = schedule.alpha_bar(t), schedule.alpha_bar(t_next)
        level = torch.full((batch, 1), math.sqrt(a), dtype=torch.float64, device=condition.device)
        prediction = model(x, condition, level.to(condition.dtype), x0_level=level)
        x_next = step(x, prediction, a, a_next, index)
        if callback is not None:
            callback(SamplerStep(index, t, math.sqrt(a), x, prediction, x_next))
        x = x_next
    return x.clamp(-1, 1)


def _half_log_snr(a: float) -> float:
    return 0.5 * math.log(a / (1 - a))
