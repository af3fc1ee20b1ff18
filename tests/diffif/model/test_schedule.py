from __future__ import annotations

from itertools import pairwise

import pytest
import torch

from diffif.model.schedule import NoiseSchedule, ScheduleSettings
from suite.errors import SettingsError


@pytest.fixture(scope="module")
def schedule() -> NoiseSchedule:
    return NoiseSchedule(ScheduleSettings())


def test_alphas_cumprod_falls_strictly_from_one(schedule: NoiseSchedule) -> None:
    assert bool((schedule.levels.diff() < 0).all())
    assert schedule.levels[0] == 1
    assert schedule.alpha_bar(-1) == 1


def test_four_steps_are_the_published_ones(schedule: NoiseSchedule) -> None:
    assert schedule.timesteps(4) == [999, 749, 499, 249, -1]


@pytest.mark.parametrize("num_steps", [1, 3, 7, 1000])
def test_timesteps_fall_from_the_last_to_the_clean_image(schedule: NoiseSchedule, num_steps: int) -> None:
    steps = schedule.timesteps(num_steps)
    assert (steps[0], steps[-1], len(steps)) == (999, -1, num_steps + 1)
    assert all(later < earlier for earlier, later in pairwise(steps))


@pytest.mark.parametrize("num_steps", [0, 1001])
def test_impossible_numbers_of_steps_are_refused(schedule: NoiseSchedule, num_steps: int) -> None:
    with pytest.raises(SettingsError, match=r"\[1, 1000\]"):
        schedule.timesteps(num_steps)


@pytest.mark.parametrize("per_sample", [False, True])
def test_training_levels_lie_between_neighbouring_steps(
    schedule: NoiseSchedule, generator: torch.Generator, per_sample: bool
) -> None:
    steps, levels = schedule.draw_training_levels(500, generator=generator, per_sample=per_sample)
    assert levels.shape == (500, 1)
    low, high = schedule.levels[steps].float(), schedule.levels[steps - 1].float()
    assert bool(((levels[:, 0] >= low) & (levels[:, 0] <= high)).all())
    assert (steps.unique().numel() == 1) is not per_sample
    assert 1 <= int(steps.min()) <= int(steps.max()) <= 1000


def test_every_published_table_is_finite(schedule: NoiseSchedule) -> None:
    buffers = schedule.buffers()
    assert len(buffers) == 12
    assert all(table.shape == (1000,) and bool(table.isfinite().all()) for table in buffers.values())


def test_contradictory_settings_are_refused() -> None:
    with pytest.raises(SettingsError, match="beta_start"):
        ScheduleSettings(beta_start=0.1, beta_end=0.01)
    with pytest.raises(SettingsError, match="num_timesteps"):
        ScheduleSettings(num_timesteps=0)
