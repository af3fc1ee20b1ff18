"""Samplers on closed-form models: any change of one coefficient shows, in milliseconds."""

from __future__ import annotations

import math

import pytest
import torch
from torch import Tensor

from diffif.model.diffusion import DiffIF, Prediction
from diffif.model.noise import ImageNoise
from diffif.model.sampler import (
    SAMPLERS,
    SamplerSettings,
    SamplerStep,
    sample,
    sample_ddim,
    sample_ddpm,
    sample_dpmpp_2m,
)
from diffif.model.schedule import NoiseSchedule, ScheduleSettings
from suite.errors import SettingsError

SCHEDULE = NoiseSchedule(ScheduleSettings())
SIZE = (4, 6)
CONDITION = torch.zeros(1, 2, *SIZE)


def oracle(x0: Tensor):  # type: ignore[no-untyped-def]
    """A model that knows the clean image."""

    def model(xt: Tensor, condition: Tensor, noise_level: Tensor, *, x0_level: Tensor) -> Prediction:
        level = x0_level[:, :, None, None].float()
        return Prediction((xt - level * x0) / (1 - level**2).sqrt(), x0, x0.clone())

    return model


def gaussian_data(scale: float):  # type: ignore[no-untyped-def]
    """The exact answer where clean images are normal with this standard deviation."""

    def model(xt: Tensor, condition: Tensor, noise_level: Tensor, *, x0_level: Tensor) -> Prediction:
        level = float(x0_level[0])
        x0 = level * scale**2 / (level**2 * scale**2 + 1 - level**2) * xt
        return Prediction((xt - level * x0) / math.sqrt(1 - level**2), x0, x0)

    return model


@pytest.mark.parametrize("method", SAMPLERS)
@pytest.mark.parametrize("num_steps", [1, 4, 25])
def test_a_model_that_knows_the_image_gives_it_back(method: str, num_steps: int) -> None:
    x0 = torch.linspace(-0.9, 0.9, 24).view(1, 1, *SIZE)
    settings = SamplerSettings(method=method, num_steps=num_steps)  # type: ignore[arg-type]
    torch.testing.assert_close(sample(oracle(x0), CONDITION, SCHEDULE, settings), x0, rtol=0, atol=1e-5)


@pytest.mark.parametrize("sampler", [sample_ddim, sample_dpmpp_2m])
def test_deterministic_samplers_follow_the_exact_flow(sampler) -> None:  # type: ignore[no-untyped-def]
    """For normal data the probability flow scales x by a known factor; more steps come closer to it."""
    scale, noise = 0.05, ImageNoise(0, *SIZE)
    first = SCHEDULE.alpha_bar(999)
    exact = noise(0) * scale / math.sqrt(first * scale**2 + 1 - first)
    errors = []
    for num_steps in (20, 200):
        found = sampler(gaussian_data(scale), CONDITION, SCHEDULE, num_steps=num_steps, eta=0.0, noise=noise)
        errors.append((found - exact).abs().max().item())
    assert errors[1] < errors[0] / 3
    assert errors[1] < 0.02


@pytest.mark.parametrize(("sampler", "gain"), [(sample_ddim, 2.0), (sample_dpmpp_2m, 4.0)])
def test_twice_the_steps_cut_the_error_by_the_order_of_the_sampler(sampler, gain: float) -> None:  # type: ignore[no-untyped-def]
    """At half time, where the steps in log signal-to-noise ratio are small."""
    scale, noise = 0.05, ImageNoise(0, *SIZE)

    def error(num_steps: int) -> float:
        steps: list[SamplerStep] = []
        model = gaussian_data(scale)
        sampler(model, CONDITION, SCHEDULE, num_steps=num_steps, eta=0.0, noise=noise, callback=steps.append)
        middle = steps[num_steps // 2]
        start, end = SCHEDULE.alpha_bar(999), SCHEDULE.alpha_bar(middle.timestep)
        spread = [math.sqrt(a * scale**2 + 1 - a) for a in (start, end)]
        return (middle.xt - noise(0) * spread[1] / spread[0]).abs().max().item()

    assert error(20) / error(40) == pytest.approx(gain, rel=0.25)


def test_ancestral_samples_have_the_variance_of_the_data() -> None:
    scale, condition = 0.2, torch.zeros(1, 2, 64, 64)
    for sampler in (sample_ddpm, sample_ddim):
        found = sampler(gaussian_data(scale), condition, SCHEDULE, num_steps=1000, eta=1.0, noise=ImageNoise(0, 64, 64))
        assert found.std().item() == pytest.approx(scale, rel=0.05)


def test_ddpm_and_ddim_with_eta_one_are_the_same_process() -> None:
    for num_steps in (3, 10):
        pair = [
            sampler(gaussian_data(0.3), CONDITION, SCHEDULE, num_steps=num_steps, eta=1.0, noise=ImageNoise(2, *SIZE))
            for sampler in (sample_ddpm, sample_ddim)
        ]
        torch.testing.assert_close(pair[0], pair[1], rtol=0, atol=1e-5)


def test_the_next_step_starts_from_the_refined_image() -> None:
    """Not from the denoiser's own estimate."""

    def model(xt: Tensor, condition: Tensor, noise_level: Tensor, *, x0_level: Tensor) -> Prediction:
        return Prediction(torch.zeros_like(xt), torch.zeros_like(xt), torch.full_like(xt, 0.5))

    for method in SAMPLERS:
        settings = SamplerSettings(method=method, num_steps=3)  # type: ignore[arg-type]
        torch.testing.assert_close(sample(model, CONDITION, SCHEDULE, settings), torch.full((1, 1, *SIZE), 0.5))


@pytest.mark.parametrize("method", SAMPLERS)
def test_an_image_comes_out_the_same_in_any_batch(tiny_model: DiffIF, method: str) -> None:
    settings = SamplerSettings(method=method, num_steps=2, seed=5)  # type: ignore[arg-type]
    condition = torch.rand(3, 2, 16, 24, generator=torch.Generator().manual_seed(1))
    with torch.inference_mode():
        together = sample(tiny_model, condition, tiny_model.schedule, settings)
        alone = [sample(tiny_model, one, tiny_model.schedule, settings) for one in condition.split(1)]
    torch.testing.assert_close(together, torch.cat(alone), rtol=0, atol=1e-5)


def test_eta_zero_needs_no_noise_but_the_first() -> None:
    asked: list[int] = []
    source = ImageNoise(0, *SIZE)

    def noise(index: int) -> Tensor:
        asked.append(index)
        return source(index)

    sample_ddim(gaussian_data(0.5), CONDITION, SCHEDULE, num_steps=5, eta=0.0, noise=noise)
    assert asked == [0]
    sample_ddim(gaussian_data(0.5), CONDITION, SCHEDULE, num_steps=5, eta=1.0, noise=noise)
    assert asked == [0, 0, 1, 2, 3, 4]


@pytest.mark.parametrize(
    ("settings", "message"),
    [({"method": "euler"}, "ddim, ddpm, dpmpp-2m"), ({"num_steps": 0}, "at least 1"), ({"eta": 1.5}, r"\[0, 1\]")],
)
def test_settings_no_sampler_can_follow_are_refused(settings: dict[str, object], message: str) -> None:
    with pytest.raises(SettingsError, match=message):
        SamplerSettings(**settings)  # type: ignore[arg-type]
