from __future__ import annotations

import pytest
import torch
import torch.nn.functional as F

from diffif.model.renderer import Renderer, RendererSettings
from suite.errors import SettingsError

SMALL = RendererSettings(widths=(4, 6), blocks=(1, 1))


@pytest.fixture
def condition(generator: torch.Generator) -> torch.Tensor:
    coarse = torch.rand(2, 2, 6, 8, generator=generator) * 2 - 1
    return F.interpolate(coarse, size=(24, 32), mode="bilinear")


def randomised(renderer: Renderer, generator: torch.Generator) -> Renderer:
    with torch.no_grad():
        for parameter in renderer.parameters():
            parameter.copy_(0.3 * torch.randn(parameter.shape, generator=generator))
    return renderer


def test_an_untrained_renderer_gives_nearly_the_maximum(condition: torch.Tensor) -> None:
    fused = Renderer(SMALL, with_estimate=False)(condition)
    assert fused.shape == (2, 1, 24, 32)
    assert (fused - condition.amax(dim=1, keepdim=True)).abs().max() < 0.1


def test_two_equal_sources_without_residual_are_kept_up_to_contrast(generator: torch.Generator) -> None:
    """Weights act on levels of a pyramid: a constant image is its coarsest level alone, a mixture of equal images."""
    renderer = randomised(
        Renderer(RendererSettings(widths=(4, 6), blocks=(1, 1), residual=0), with_estimate=False), generator
    )
    constant = torch.full((1, 2, 16, 16), 0.4)
    torch.testing.assert_close(renderer(constant), constant[:, :1], rtol=0, atol=1e-5)


def test_the_residual_cannot_exceed_its_bound(condition: torch.Tensor, generator: torch.Generator) -> None:
    small = RendererSettings(widths=(4, 6), blocks=(1, 1), residual=0.1)
    bounded = randomised(Renderer(small, with_estimate=False), generator)
    free = Renderer(RendererSettings(widths=(4, 6), blocks=(1, 1), residual=0), with_estimate=False)
    free.load_state_dict(bounded.state_dict())
    difference = (bounded(condition) - free(condition)).abs()
    assert 0 < difference.max() <= 0.2 + 1e-6


def test_an_estimate_and_its_level_change_the_result(condition: torch.Tensor, generator: torch.Generator) -> None:
    renderer = randomised(Renderer(SMALL, with_estimate=True), generator)
    x0, level = condition[:, :1], torch.full((2, 1), 0.5)
    usual = renderer(condition, x0, level)
    assert not torch.allclose(usual, renderer(condition, -x0, level))
    assert not torch.allclose(usual, renderer(condition, x0, level / 2))


def test_every_parameter_learns(condition: torch.Tensor, generator: torch.Generator) -> None:
    renderer = randomised(Renderer(SMALL, with_estimate=True), generator)
    renderer(condition, condition[:, :1], torch.full((2, 1), 0.5)).square().mean().backward()
    assert all(p.grad is not None and float(p.grad.abs().max()) > 0 for p in renderer.parameters())


@pytest.mark.parametrize(
    ("wrong", "message"),
    [({"widths": (4,)}, "as many widths"), ({"widths": (), "blocks": ()}, "as many"), ({"residual": 2.0}, "residual")],
)
def test_sizes_that_cannot_be_built_are_refused(wrong: dict[str, object], message: str) -> None:
    with pytest.raises(SettingsError, match=message):
        RendererSettings(**wrong)  # type: ignore[arg-type]
