from __future__ import annotations

import pytest
import torch

from diffif.model.denoiser import DenoiserSettings
from diffif.model.denoiser_blocks import Upsample
from diffif.model.diffusion import DiffIF
from suite.errors import SettingsError


@pytest.mark.parametrize("size", [(8, 8), (16, 24)])
def test_the_noise_has_the_size_of_the_image(tiny_model: DiffIF, size: tuple[int, int]) -> None:
    eps = tiny_model.denoiser(torch.rand(2, 3, *size), torch.full((2, 1), 0.5))
    assert eps.shape == (2, 1, *size)


def test_a_batch_is_images_one_by_one(tiny_model: DiffIF, generator: torch.Generator) -> None:
    x, level = torch.randn(3, 3, 16, 16, generator=generator), torch.tensor([[0.9], [0.5], [0.1]])
    together = tiny_model.denoiser(x, level)
    alone = torch.cat([tiny_model.denoiser(x[i : i + 1], level[i : i + 1]) for i in range(3)])
    torch.testing.assert_close(together, alone, rtol=0, atol=1e-5)


def test_attention_sees_the_whole_image(tiny_model: DiffIF) -> None:
    x = torch.zeros(1, 3, 64, 64)
    changed = x.clone()
    changed[..., :4, :4] = 1
    level = torch.full((1, 1), 0.5)
    difference = (tiny_model.denoiser(x, level) - tiny_model.denoiser(changed, level)).abs()
    assert difference[..., -4:, -4:].max() > 0


def test_dropout_acts_in_training_only(tiny_model: DiffIF) -> None:
    x, level = torch.rand(1, 3, 16, 16), torch.full((1, 1), 0.5)
    assert torch.equal(tiny_model.denoiser(x, level), tiny_model.denoiser(x, level))
    tiny_model.train()
    assert not torch.equal(tiny_model.denoiser(x, level), tiny_model.denoiser(x, level))


def test_the_published_stride_is_eight() -> None:
    assert DenoiserSettings().stride == 8


@pytest.mark.parametrize(
    ("settings", "message"),
    [
        ({"inner_channels": 10, "norm_groups": 4}, "does not divide"),
        ({"inner_channels": 9}, "even"),
        ({"channel_multipliers": ()}, "at least one level"),
        ({"dropout": 1.0}, "dropout"),
        ({"attention_levels": (4,)}, r"0\.\.3"),
    ],
)
def test_sizes_that_cannot_be_built_are_refused(settings: dict[str, object], message: str) -> None:
    with pytest.raises(SettingsError, match=message):
        DenoiserSettings(**settings)  # type: ignore[arg-type]


def test_enlarging_by_small_kernels_is_enlarging_and_convolving(generator: torch.Generator) -> None:
    """Borders included."""
    upsample = Upsample(3)
    x = torch.randn(2, 3, 5, 7, generator=generator)
    torch.testing.assert_close(upsample.enlarge(x), upsample(x), rtol=0, atol=1e-5)
