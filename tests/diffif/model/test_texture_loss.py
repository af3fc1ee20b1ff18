from __future__ import annotations

import pytest
import torch

from diffif.model.texture_loss import dark_noise, heat_kept, heat_loss, noise_loss, texture_kept, texture_loss


def textured(generator: torch.Generator, level: float, spread: float) -> torch.Tensor:
    return (level + spread * torch.randn(1, 1, 64, 64, generator=generator)).clamp(0, 1)


@pytest.fixture
def washed(generator: torch.Generator) -> tuple[torch.Tensor, torch.Tensor]:
    """Visible texture under a bright smooth infrared image, as cobbles in front of a warm wall."""
    return textured(generator, 0.3, 0.06), torch.full((1, 1, 64, 64), 0.8)


def signed(*images: torch.Tensor) -> list[torch.Tensor]:
    return [2 * image - 1 for image in images]


def test_the_maximum_keeps_no_texture_and_the_sum_of_base_and_detail_keeps_all(
    washed: tuple[torch.Tensor, torch.Tensor],
) -> None:
    visible, infrared = washed
    kept = infrared + (visible - visible.mean())
    assert float(texture_kept(torch.maximum(*washed), *washed)) == pytest.approx(0, abs=0.01)
    assert float(texture_kept(kept, *washed)) == pytest.approx(1, abs=0.05)
    assert float(texture_kept(visible, *washed)) == pytest.approx(1)
    assert texture_loss(*signed(kept, visible, infrared)) < 0.1 * texture_loss(*signed(infrared, visible, infrared))


def test_without_bright_infrared_there_is_nothing_to_measure(washed: tuple[torch.Tensor, torch.Tensor]) -> None:
    visible, _ = washed
    assert bool(texture_kept(visible, visible, torch.zeros_like(visible)).isnan())
    assert float(texture_loss(*signed(torch.zeros_like(visible), visible, torch.zeros_like(visible)))) == 0


def test_noise_of_one_sensor_on_a_dark_road_counts(generator: torch.Generator) -> None:
    quiet, noisy = torch.full((1, 1, 64, 64), 0.1), textured(generator, 0.1, 0.008)
    assert float(dark_noise(quiet, quiet, noisy)) == pytest.approx(0, abs=1e-4)
    assert float(dark_noise(noisy, quiet, noisy)) == pytest.approx(255 * 0.008, rel=0.1)
    assert float(noise_loss(*signed(quiet, quiet, noisy))) == 0
    assert float(noise_loss(*signed(noisy, quiet, noisy))) > 0.3
    bright = quiet + 0.6
    assert bool(dark_noise(bright, bright, bright).isnan())


def test_a_hot_person_is_kept_by_the_maximum_and_lost_by_the_visible_image(generator: torch.Generator) -> None:
    visible, infrared = torch.full((1, 1, 160, 160), 0.3), torch.full((1, 1, 160, 160), 0.2)
    infrared[..., 60:100, 70:90] = 0.9
    maximum = torch.maximum(visible, infrared)
    assert float(heat_kept(maximum, visible, infrared)) == pytest.approx(1, abs=0.15)
    assert float(heat_kept(visible, visible, infrared)) == pytest.approx(0, abs=1e-5)
    lost, kept = (heat_loss(*signed(image, visible, infrared)) for image in (visible, maximum))
    assert kept < 0.2 * lost
    assert bool(heat_kept(visible, visible, visible).isnan())
