"""A Diff-IF small enough for property tests."""

from __future__ import annotations

import pytest
import torch

from diffif.model.denoiser import DenoiserSettings
from diffif.model.diffusion import DiffIF, ModelSettings
from diffif.model.refiner import RefinerSettings


@pytest.fixture(scope="session")
def tiny_settings() -> ModelSettings:
    return ModelSettings(
        denoiser=DenoiserSettings(
            inner_channels=8, channel_multipliers=(1, 2), num_res_blocks=1, norm_groups=4, attention_levels=(1,)
        ),
        refiner=RefinerSettings(width=8, num_blocks=1, num_output_blocks=1, ffn_depthwise=True),
    )


@pytest.fixture
def tiny_model(tiny_settings: ModelSettings) -> DiffIF:
    with torch.random.fork_rng():
        torch.manual_seed(0)
        return DiffIF(tiny_settings).eval()
