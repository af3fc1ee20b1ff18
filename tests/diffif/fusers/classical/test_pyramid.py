from __future__ import annotations

import pytest
import torch

from diffif.fusers.classical.pyramid import collapse, expand, gaussian_pyramid, laplacian_pyramid
from tests.contracts.fuser_contract import make_pair


@pytest.mark.parametrize(("height", "width"), [(1, 1), (2, 7), (33, 48), (65, 41)])
def test_collapsing_a_laplacian_pyramid_gives_the_image_back(height: int, width: int) -> None:
    _, image = make_pair(height, width)
    torch.testing.assert_close(collapse(laplacian_pyramid(image, 4)), image, atol=1e-6, rtol=0)


def test_constant_image_stays_constant_up_and_down() -> None:
    image = torch.full((1, 1, 37, 50), 0.3)
    for level in gaussian_pyramid(image, 3):
        torch.testing.assert_close(level, torch.full_like(level, 0.3))
    torch.testing.assert_close(expand(image[..., ::2, ::2], (37, 50)), image)


def test_ramp_survives_reduce_and_expand_away_from_the_border() -> None:
    ramp = torch.arange(64.0).expand(1, 1, 32, 64) / 64
    back = expand(gaussian_pyramid(ramp, 1)[1], (32, 64))
    torch.testing.assert_close(back[..., 8:-8, 8:-8], ramp[..., 8:-8, 8:-8], atol=1e-6, rtol=0)
