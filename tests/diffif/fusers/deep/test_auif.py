from __future__ import annotations

import pytest
import torch
import torch.nn.functional as F

from diffif.fusers.deep.auif import filter_twice


@pytest.mark.parametrize(("height", "width"), [(10, 10), (13, 40), (37, 51)])
def test_one_filter_and_exact_borders_equal_64_filters_and_back(
    generator: torch.Generator, height: int, width: int
) -> None:
    image = torch.rand((2, 1, height, width), generator=generator)
    kernel = torch.rand((64, 1, 3, 3), generator=generator) - 0.5
    features = F.conv2d(F.pad(image, (1, 1, 1, 1), mode="reflect"), kernel)
    backward = kernel.flip(-1, -2).transpose(0, 1)
    expected = F.conv2d(F.pad(features, (1, 1, 1, 1), mode="reflect"), backward)
    torch.testing.assert_close(filter_twice(image, kernel), expected, atol=1e-4, rtol=0)
