from __future__ import annotations

import pytest
import torch
import torch.nn.functional as F

from diffif.metrics import evaluate
from diffif.model.goal_loss import GoalWeights, goal_terms
from suite.errors import SettingsError

TOLERANCE = 0.03
"""No rounding to grey levels, and angles between lines instead of the published jump at +-pi/2."""


def scene(generator: torch.Generator, height: int = 96, width: int = 120) -> torch.Tensor:
    """Smooth structure with fine texture, (1, 1, H, W) in [0, 1]."""
    coarse = torch.rand(1, 1, height // 8, width // 8, generator=generator)
    image = F.interpolate(coarse, size=(height, width), mode="bicubic")
    return (image + 0.05 * torch.rand(1, 1, height, width, generator=generator)).clamp(0, 1)


@pytest.fixture
def pair(generator: torch.Generator) -> tuple[torch.Tensor, torch.Tensor]:
    return scene(generator), scene(generator)


@pytest.mark.parametrize("method", ["maximum", "mean", "visible"])
def test_the_terms_are_the_metrics(pair: tuple[torch.Tensor, torch.Tensor], method: str) -> None:
    visible, infrared = pair
    made = {"maximum": torch.maximum(*pair), "mean": (visible + infrared) / 2, "visible": 0.9 * visible + 0.02}
    fused = (made[method] * 255).round() / 255
    ours = goal_terms(*(2 * image - 1 for image in (fused, *pair)))
    expected = evaluate(fused, visible, infrared, metrics=tuple(ours))
    for name, value in ours.items():
        assert float(value) == pytest.approx(float(expected[name][0]), abs=TOLERANCE), name


def test_every_term_has_a_finite_gradient_where_the_published_metric_jumps(
    pair: tuple[torch.Tensor, torch.Tensor],
) -> None:
    """Copies of a source, flat images and pure vertical edges are where quotients and angles are undefined."""
    visible, infrared = (2 * image - 1 for image in pair)
    steps = torch.zeros_like(visible)
    steps[..., 60:] = 0.5
    for image in (visible, torch.zeros_like(visible), torch.full_like(visible, -1.0), steps):
        fused = image.clone().requires_grad_()
        torch.stack(list(goal_terms(fused, visible, infrared).values())).sum().backward()
        assert fused.grad is not None
        assert bool(fused.grad.isfinite().all())


def test_a_step_along_the_gradient_raises_the_goal(pair: tuple[torch.Tensor, torch.Tensor]) -> None:
    visible, infrared = (2 * image - 1 for image in pair)
    fused = torch.maximum(visible, infrared).requires_grad_()
    before = goal_terms(fused, visible, infrared)
    (2 * before["ssim"] + before["vif"] + 3 * before["qabf"]).backward()
    assert fused.grad is not None
    after = goal_terms(fused.detach() + 0.002 * fused.grad / fused.grad.abs().max(), visible, infrared)
    assert (
        2 * after["ssim"] + after["vif"] + 3 * after["qabf"] > 2 * before["ssim"] + before["vif"] + 3 * before["qabf"]
    )


def test_a_weight_below_zero_is_refused() -> None:
    with pytest.raises(SettingsError, match="not be negative"):
        GoalWeights(vif=-1.0)


def test_a_batch_counts_each_image_alike_however_dark(generator: torch.Generator) -> None:
    """A quotient of sums over the batch would be the bright image's alone."""
    bright, dark = ([2 * scene(generator) - 1 for _ in range(2)] for _ in range(2))
    dark = [0.1 * (image + 1) - 1 for image in dark]
    pairs = [(torch.maximum(*pair), *pair) for pair in (bright, dark)]
    alone = [goal_terms(*pair) for pair in pairs]
    together = goal_terms(*(torch.cat(images) for images in zip(*pairs, strict=True)))
    for name, value in together.items():
        assert float(value) == pytest.approx(float(alone[0][name] + alone[1][name]) / 2, abs=1e-4), name
