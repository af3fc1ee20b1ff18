from __future__ import annotations

import dataclasses

import pytest
import torch

from diffif.model.diffusion import DiffIF, ModelSettings
from diffif.model.renderer import RendererSettings
from diffif.model.warm_start import start_from
from suite.errors import CheckpointError

RENDERER = RendererSettings(widths=(4, 6), blocks=(1, 1))


@pytest.fixture
def trained(generator: torch.Generator) -> DiffIF:
    model = DiffIF(ModelSettings(process="render", renderer=RENDERER))
    with torch.no_grad():
        for parameter in model.parameters():
            parameter.copy_(0.2 * torch.randn(parameter.shape, generator=generator))
    return model.eval()


def test_a_model_of_the_same_kind_begins_as_the_same_model(trained: DiffIF) -> None:
    fresh = DiffIF(trained.settings)
    assert start_from(fresh, trained, name="fast") == len(list(fresh.parameters()))
    assert all(torch.equal(a, b) for a, b in zip(fresh.parameters(), trained.parameters(), strict=True))


def test_a_diffusion_model_begins_as_good_as_the_renderer(
    trained: DiffIF, tiny_settings: ModelSettings, generator: torch.Generator
) -> None:
    model = DiffIF(dataclasses.replace(tiny_settings, renderer=RENDERER)).eval()
    start_from(model, trained, name="fast")
    assert model.refiner is not None
    assert trained.refiner is not None
    with torch.no_grad():
        for parameter in model.refiner.noise_func.parameters():  # type: ignore[union-attr]
            parameter.zero_()
        condition = torch.rand(1, 2, 24, 32, generator=generator) * 2 - 1
        alone = trained.refiner(condition)
        # The estimate enters with sigmoid(-4) of its details, and softmax of the coarsest level.
        refined = model.refiner(condition, condition[:, :1], torch.ones(1, 1))
    assert (alone - refined).abs().mean() < 0.05


def test_models_without_anything_in_common_are_refused(trained: DiffIF, tiny_settings: ModelSettings) -> None:
    with pytest.raises(CheckpointError, match="fast has no tensor in common"):
        start_from(DiffIF(tiny_settings), trained, name="fast")
