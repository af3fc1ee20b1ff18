"""The forward process: how much noise each of the T diffusion steps holds.

Everything is computed in float64 on the CPU; the twelve float32 tables of `NoiseSchedule.buffers` are those that a
published checkpoint carries beside its weights.
"""

from __future__ import annotations

from dataclasses import dataclass

import torch
from torch import Tensor

from suite.errors import SettingsError

POSTERIOR_VARIANCE_FLOOR = 1e-20
"""Keeps the logarithm of the posterior variance finite at the first step, where the variance is 0."""


@dataclass(frozen=True, kw_only=True)
class ScheduleSettings:
    """Linear variance schedule of the Diff-IF paper."""

    num_timesteps: int = 1000
    """T, the number of diffusion steps in training."""
    beta_start: float = 1e-6
    """Variance added by the first step."""
    beta_end: float = 1e-2
    """Variance added by the last step."""

    def __post_init__(self) -> None:
        """Refuse schedules that are not one.

        Raises:
            SettingsError: no step, or betas outside 0 < start <= end < 1.
        """
        if self.num_timesteps < 1:
            raise SettingsError(f"schedule.num_timesteps must be at least 1, got {self.num_timesteps}")
        if not 0 < self.beta_start <= self.beta_end < 1:
            raise SettingsError(
                f"schedule needs 0 < beta_start <= beta_end < 1, got {self.beta_start} and {self.beta_end}"
            )


class NoiseSchedule:
    """Tables of the forward process x_t = level * x0 + sqrt(1 - level^2) * eps, level = sqrt(alpha_bar).

    Attributes:
        betas: (T,) float64.
        alphas_cumprod: (T,) float64, alpha_bar, strictly falling.
        levels: (T + 1,) float64; element 0 is 1, element k is sqrt(alpha_bar[k - 1]). The network is conditioned on a
            level from this table (sampling) or between two neighbours (training).
    Source: Ho et al., DDPM, 2020; continuous levels after Chen et al., WaveGrad, 2021.
    """

    def __init__(self, settings: ScheduleSettings) -> None:
        self.settings = settings
        self.betas = torch.linspace(
            settings.beta_start, settings.beta_end, settings.num_timesteps, dtype=torch.float64, device="cpu"
        )
        self.alphas_cumprod = torch.cumprod(1 - self.betas, dim=0)
        one = torch.ones(1, dtype=torch.float64, device="cpu")
        self.levels = torch.cat([one, self.alphas_cumprod]).sqrt()

    @property
    def num_timesteps(self) -> int:
        """T."""
        return self.settings.num_timesteps

    def alpha_bar(self, t: int) -> float:
        """alpha_bar at step t counted from 0; 1 (a clean image) at t = -1."""
        return 1.0 if t < 0 else float(self.alphas_cumprod[t])

    def timesteps(self, num_steps: int) -> list[int]:
        """Evenly spaced steps in the order of sampling, ending with -1, the clean image.

        For T = 1000 and four steps: 999, 749, 499, 249, -1.

        Raises:
            SettingsError: `num_steps` is below 1 or above T.
        """
        total = self.num_timesteps
        if not 1 <= num_steps <= total:
            raise SettingsError(f"sampler.num_steps must lie in [1, {total}] (T of this model), got {num_steps}")
        return [k * total // num_steps - 1 for k in range(num_steps, -1, -1)]

    def draw_training_levels(
        self, batch_size: int, *, generator: torch.Generator, per_sample: bool = False
    ) -> tuple[Tensor, Tensor]:
        """Random steps and, for each image, a continuous noise level between that step and the one before.

        Args:
            batch_size: Number of images B.
            generator: CPU generator; the draws do not depend on the device of the model.
            per_sample: Draw one step per image; otherwise one for the whole batch, as published.

        Returns:
            Steps (B,) int64 in 1..T and levels (B, 1) float32, on the CPU.
        """
        count = batch_size if per_sample else 1
        steps = torch.randint(1, self.num_timesteps + 1, (count,), generator=generator).expand(batch_size)
        share = torch.rand(batch_size, generator=generator, dtype=torch.float64)
        low, high = self.levels[steps], self.levels[steps - 1]
        return steps.clone(), (low + share * (high - low)).float().unsqueeze(1)

    def buffers(self) -> dict[str, Tensor]:
        """The twelve float32 tables of a published checkpoint, each (T,), in its order."""
        abar = self.alphas_cumprod
        previous = self.levels[:-1] ** 2
        variance = self.betas * (1 - previous) / (1 - abar)
        tables = {
            "betas": self.betas,
            "alphas_cumprod": abar,
            "alphas_cumprod_prev": previous,
            "sqrt_alphas_cumprod": abar.sqrt(),
            "sqrt_one_minus_alphas_cumprod": (1 - abar).sqrt(),
            "log_one_minus_alphas_cumprod": (1 - abar).log(),
            "sqrt_recip_alphas_cumprod": (1 / abar).sqrt(),
            "sqrt_recipm1_alphas_cumprod": (1 / abar - 1).sqrt(),
            "posterior_variance": variance,
            "posterior_log_variance_clipped": variance.clamp(min=POSTERIOR_VARIANCE_FLOOR).log(),
            "posterior_mean_coef1": self.betas * previous.sqrt() / (1 - abar),
            "posterior_mean_coef2": (1 - previous) * (1 - self.betas).sqrt() / (1 - abar),
        }
        return {name: table.float() for name, table in tables.items()}
