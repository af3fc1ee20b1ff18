from __future__ import annotations

import torch

from diffif.fusers.output_range import stretch


def test_each_image_is_stretched_by_its_own_range() -> None:
    images = torch.tensor([[0.2, 0.4, 0.6], [-1.0, 0.0, 3.0]]).view(2, 1, 1, 3)
    expected = torch.tensor([[0.0, 0.5, 1.0], [0.0, 0.25, 1.0]]).view(2, 1, 1, 3)
    torch.testing.assert_close(stretch(images), expected)


def test_channels_share_one_range_and_a_constant_image_is_clipped() -> None:
    colour = torch.tensor([0.0, 0.5, 2.0]).view(1, 3, 1, 1)
    torch.testing.assert_close(stretch(colour).flatten(), torch.tensor([0.0, 0.25, 1.0]))
    assert stretch(torch.full((1, 1, 2, 2), 1.7)).unique().item() == 1.0
