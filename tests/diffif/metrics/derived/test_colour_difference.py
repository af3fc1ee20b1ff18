from __future__ import annotations

import math

import numpy as np
import pytest
import torch

from diffif.metrics import evaluate
from diffif.metrics.derived.colour_difference import ciede2000, lab

SHARMA = (
    ((50, 2.6772, -79.7751), (50, 0, -82.7485), 2.0425),
    ((50, 2.8361, -74.0200), (50, 0, -82.7485), 3.4412),
    ((50, -1.3802, -84.2814), (50, 0, -82.7485), 1.0000),
    ((50, 0, 0), (50, -1, 2), 2.3669),
    ((50, 2.5, 0), (50, 0, -2.5), 4.3065),
    ((50, 2.5, 0), (73, 25, -18), 27.1492),
    ((50, 2.5, 0), (61, -5, 29), 22.8977),
    ((60.2574, -34.0099, 36.2677), (60.4626, -34.1751, 39.4387), 1.2644),
    ((2.0776, 0.0795, -1.1350), (0.9033, -0.0636, -0.5514), 0.9082),
)
"""Published by Sharma, Wu and Dalal for checking implementations, printed to four decimals."""


@pytest.mark.parametrize(("first", "second", "published"), SHARMA)
def test_the_published_differences_are_ours(
    first: tuple[float, ...], second: tuple[float, ...], published: float
) -> None:
    a, b = (torch.tensor(colour, dtype=torch.float64).reshape(1, 3, 1, 1) for colour in (first, second))
    assert ciede2000(a, b).item() == pytest.approx(published, abs=5.1e-5)
    assert ciede2000(b, a).item() == pytest.approx(published, abs=5.1e-5)


def test_images_differ_as_much_as_scikit_image_says() -> None:
    from skimage.color import deltaE_ciede2000, rgb2lab

    generator = torch.Generator().manual_seed(0)
    fused, visible = (torch.rand((1, 3, 30, 40), generator=generator).mul(255).round() / 255 for _ in range(2))
    infrared = visible[:, :1]
    planes = [rgb2lab(image[0].permute(1, 2, 0).double().numpy()) for image in (fused, visible)]
    np.testing.assert_allclose(lab(fused)[0].permute(1, 2, 0).numpy(), planes[0], atol=1e-4)
    expected = deltaE_ciede2000(*planes).mean()
    score = evaluate(fused, visible, infrared, metrics=("delta_e2000",))["delta_e2000"].item()
    assert score == pytest.approx(expected, rel=1e-5)


def test_a_grey_fused_image_loses_the_colours_and_a_grey_visible_image_has_none_to_lose() -> None:
    generator = torch.Generator().manual_seed(0)
    visible = torch.rand((2, 3, 20, 20), generator=generator).mul(255).round() / 255
    grey = visible[:, :1]
    scores = evaluate(torch.cat((grey[:1], grey[1:])), visible, grey, metrics=("delta_e2000", "en"))
    repeated = evaluate(grey.expand(-1, 3, -1, -1), visible, grey, metrics=("delta_e2000",))
    assert torch.equal(scores["delta_e2000"], repeated["delta_e2000"])
    assert evaluate(visible, visible, grey, metrics=("delta_e2000",))["delta_e2000"].tolist() == [0, 0]
    assert math.isnan(evaluate(grey, grey, grey, metrics=("delta_e2000",))["delta_e2000"][0].item())
