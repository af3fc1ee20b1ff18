from __future__ import annotations

import pytest
import torch

from diffif.model.diffusion import DiffIF
from diffif.model.refiner import Refiner, RefinerSettings
from suite.errors import SettingsError


@pytest.mark.parametrize("size", [(7, 5), (16, 24)])
def test_any_size_keeps_its_size(tiny_model: DiffIF, size: tuple[int, int]) -> None:
    assert tiny_model.refiner is not None
    refined = tiny_model.refiner(torch.rand(2, 2, *size), torch.rand(2, 1, *size), torch.full((2, 1), 0.5))
    assert refined.shape == (2, 1, *size)


def test_the_noise_level_and_both_inputs_matter(tiny_model: DiffIF, generator: torch.Generator) -> None:
    refiner = tiny_model.refiner
    assert refiner is not None
    condition = torch.randn(1, 2, 8, 8, generator=generator)
    x0, level = torch.randn(1, 1, 8, 8, generator=generator), torch.full((1, 1), 0.5)
    usual = refiner(condition, x0, level)
    assert not torch.equal(usual, refiner(condition, x0, level / 2))
    assert not torch.equal(usual, refiner(condition, -x0, level))
    assert not torch.equal(usual, refiner(condition.flip(1), x0, level))


def test_depthwise_feed_forward_is_an_order_smaller() -> None:
    count = [sum(p.numel() for p in Refiner(RefinerSettings(ffn_depthwise=d)).parameters()) for d in (False, True)]
    assert count[0] == 1_359_326
    assert count[1] < count[0] / 5


@pytest.mark.parametrize(("settings", "message"), [({"width": 7}, "even"), ({"ffn_expansion": 0.0}, "channel")])
def test_sizes_that_cannot_be_built_are_refused(settings: dict[str, float], message: str) -> None:
    with pytest.raises(SettingsError, match=message):
        RefinerSettings(**settings)  # type: ignore[arg-type]


def test_a_channel_that_is_zero_everywhere_gives_no_nan(tiny_model: DiffIF) -> None:
    assert tiny_model.refiner is not None
    attention = tiny_model.refiner.encoder_level2[0].attn
    torch.nn.init.zeros_(attention.qkv.weight)
    assert bool(attention(torch.rand(1, 8, 4, 4)).isfinite().all())


def test_without_gradients_the_result_is_the_same(tiny_model: DiffIF, generator: torch.Generator) -> None:
    """Memory is reused then; no input may be overwritten."""
    refiner = tiny_model.refiner
    assert refiner is not None
    inputs = torch.randn(1, 2, 8, 8, generator=generator), torch.randn(1, 1, 8, 8, generator=generator)
    kept = [x.clone() for x in inputs]
    with_gradients = refiner(*inputs, torch.full((1, 1), 0.5)).detach()
    with torch.no_grad():
        torch.testing.assert_close(refiner(*inputs, torch.full((1, 1), 0.5)), with_gradients, rtol=0, atol=1e-5)
    assert all(torch.equal(a, b) for a, b in zip(inputs, kept, strict=True))
