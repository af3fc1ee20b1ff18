from __future__ import annotations

import pytest
import torch
import torch.nn.functional as F

from diffif.model.attention import SelfAttention, window_attention


def whole(qkv: torch.Tensor) -> torch.Tensor:
    b, c, h, w = qkv.shape
    q, k, v = qkv.permute(0, 2, 3, 1).reshape(b, 1, h * w, c).chunk(3, dim=-1)
    return F.scaled_dot_product_attention(q, k, v).reshape(b, h, w, c // 3).permute(0, 3, 1, 2)


def test_a_window_larger_than_the_image_is_attention_over_all_of_it(generator: torch.Generator) -> None:
    qkv = torch.randn(2, 24, 7, 9, generator=generator)
    torch.testing.assert_close(window_attention(qkv, 10), whole(qkv), rtol=0, atol=1e-5)


def test_a_position_sees_its_window_and_half_a_window_around_it(generator: torch.Generator) -> None:
    qkv = torch.randn(1, 24, 16, 16, generator=generator)
    nearby, far = qkv.clone(), qkv.clone()
    nearby[:, 8:, 5, 0] += 3.0
    far[:, 8:, 6, 0] += 3.0
    usual = window_attention(qkv, 4)[:, :, :4, :4]
    assert not torch.allclose(usual, window_attention(nearby, 4)[:, :, :4, :4])
    torch.testing.assert_close(usual, window_attention(far, 4)[:, :, :4, :4])


def test_a_constant_image_shows_no_seam_and_no_border() -> None:
    qkv = torch.ones(1, 24, 13, 17)
    torch.testing.assert_close(window_attention(qkv, 4), torch.ones(1, 8, 13, 17))


@pytest.mark.parametrize("size", [(8, 8), (6, 8)])
def test_up_to_two_windows_a_side_the_whole_image_is_seen(size: tuple[int, int], generator: torch.Generator) -> None:
    torch.manual_seed(0)
    windowed, full = SelfAttention(8, 2, window=4), SelfAttention(8, 2)
    full.load_state_dict(windowed.state_dict())
    x = torch.randn(1, 8, *size, generator=generator)
    assert torch.equal(windowed(x), full(x))
    larger = torch.randn(1, 8, 12, 12, generator=generator)
    assert not torch.allclose(windowed(larger), full(larger))
