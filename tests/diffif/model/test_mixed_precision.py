"""The paths that a GPU takes, run on the CPU: bfloat16 autocast, channels last, a compiled graph."""

from __future__ import annotations

import dataclasses

import pytest
import torch

from diffif.model.diffusion import DiffIF, ModelSettings, TrainingBatch, training_losses
from diffif.model.renderer import RendererSettings

BFLOAT16_DIFFERENCE = 0.1
"""Of images in [-1, 1]: bfloat16 has 8 bits of mantissa, and errors add up over layers."""


@pytest.fixture(params=["diffusion", "direct", "flow", "render", "diffusion+renderer"])
def model(request: pytest.FixtureRequest, tiny_settings: ModelSettings) -> DiffIF:
    process, _, _ = request.param.partition("+")
    with_renderer = process == "render" or "+" in request.param
    renderer = RendererSettings(widths=(4, 6), blocks=(1, 1)) if with_renderer else None
    denoiser = dataclasses.replace(tiny_settings.denoiser, patch=2, attention_window=2)
    with torch.random.fork_rng():
        torch.manual_seed(0)
        return DiffIF(dataclasses.replace(tiny_settings, process=process, renderer=renderer, denoiser=denoiser)).eval()


@pytest.fixture
def inputs(generator: torch.Generator) -> tuple[torch.Tensor, torch.Tensor, torch.Tensor]:
    images = torch.rand(2, 3, 32, 48, generator=generator) * 2 - 1
    return images[:, :1], images[:, 1:], torch.full((2, 1), 0.5)


def test_bfloat16_changes_little(model: DiffIF, inputs: tuple[torch.Tensor, ...]) -> None:
    with torch.no_grad():
        exact = model(*inputs).refined
        with torch.autocast("cpu", torch.bfloat16):
            rough = model(*inputs).refined
    assert (exact.clamp(-1, 1) - rough.float().clamp(-1, 1)).abs().max() < BFLOAT16_DIFFERENCE


def test_bfloat16_trains_and_its_losses_are_float32(model: DiffIF, generator: torch.Generator) -> None:
    batch = TrainingBatch(*(torch.rand(2, 1, 48, 48, generator=generator) for _ in range(3)))
    with torch.autocast("cpu", torch.bfloat16):
        terms = training_losses(model.train(), batch, generator=generator)
    terms["loss"].backward()
    assert all(value.dtype == torch.float32 for value in terms.values())
    assert all(p.grad is None or bool(p.grad.isfinite().all()) for p in model.parameters())


def test_channels_last_changes_nothing(model: DiffIF, inputs: tuple[torch.Tensor, ...]) -> None:
    usual = model(*inputs).refined.detach()
    last = model.to(memory_format=torch.channels_last)  # type: ignore[call-overload]
    images = [x.contiguous(memory_format=torch.channels_last) for x in inputs[:2]]
    torch.testing.assert_close(last(*images, inputs[2]).refined, usual, rtol=0, atol=1e-4)


def test_a_traced_graph_gives_the_same(model: DiffIF, inputs: tuple[torch.Tensor, ...]) -> None:
    """Without code generation, which needs a compiler: what breaks on a GPU is the capture of the graph."""
    compiled = torch.compile(model, backend="aot_eager")
    torch.testing.assert_close(compiled(*inputs).refined, model(*inputs).refined, rtol=0, atol=1e-5)
