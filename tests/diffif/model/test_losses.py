from __future__ import annotations

import pytest
import torch
import torch.nn.functional as F
from skimage.metrics import structural_similarity
from torch import Tensor

from diffif.model.losses import SSIM_SIGMA, SSIM_WINDOW, LossSettings, gradient_loss, intensity_loss, ssim_loss
from suite.errors import SettingsError


@pytest.fixture
def image(generator: torch.Generator) -> Tensor:
    return torch.rand(2, 1, 80, 96, generator=generator)


def test_an_image_is_at_no_distance_from_itself(image: Tensor) -> None:
    assert ssim_loss(image, image).item() == pytest.approx(0, abs=1e-6)
    assert gradient_loss(image, image, image).item() == 0
    assert intensity_loss(image, image, image).item() == 0


def test_swapping_the_sources_changes_nothing(image: Tensor) -> None:
    other, third = image.flip(-1), image.flip(-2)
    assert intensity_loss(third, image, other) == intensity_loss(third, other, image)
    assert gradient_loss(third, image, other) == gradient_loss(third, other, image)


def test_ssim_is_that_of_the_full_64_by_64_window(image: Tensor) -> None:
    """The taps left out far from the peak change nothing."""
    reference = image.roll(2, dims=-1)
    offsets = torch.arange(SSIM_WINDOW, dtype=torch.float64) - SSIM_WINDOW // 2
    taps = torch.exp(-(offsets**2) / (2 * SSIM_SIGMA**2))
    window = (taps[:, None] * taps[None, :] / taps.sum() ** 2)[None, None]
    a, b = image.double(), reference.double()
    ma, mb, aa, bb, ab = (F.conv2d(m, window) for m in (a, b, a * a, b * b, a * b))
    c1, c2 = 0.01**2, 0.03**2
    ssim = (2 * ma * mb + c1) * (2 * (ab - ma * mb) + c2) / ((ma**2 + mb**2 + c1) * (aa - ma**2 + bb - mb**2 + c2))
    assert ssim_loss(image, reference).item() == pytest.approx(1 - ssim.mean().item(), abs=1e-5)


def test_the_published_range_is_guessed_from_the_first_image(image: Tensor) -> None:
    """A value below -0.5 outside of every window that counts doubles the range, and so changes the loss."""
    first, reference = image[..., :64, :64].clone(), image[..., 16:, 16:][..., :64, :64]
    before = ssim_loss(first, reference)
    first[..., 0, 0] = -0.6
    assert ssim_loss(first, reference) != before


def test_the_form_with_11_pixels_is_the_ssim_of_scikit_image(image: Tensor) -> None:
    other = (0.7 * image + 0.3 * image.flip(-1)).clamp(0, 1)
    rules = {"gaussian_weights": True, "sigma": 1.5, "use_sample_covariance": False, "data_range": 1.0}
    truth = [
        structural_similarity(a.numpy(), b.numpy(), **rules) for a, b in zip(other[:, 0], image[:, 0], strict=True)
    ]
    loss = ssim_loss(2 * other - 1, 2 * image - 1, form="gaussian-11")
    assert loss.item() == pytest.approx(1 - sum(truth) / len(truth), abs=1e-5)


def test_the_form_with_11_pixels_sees_a_whole_crop_of_64(image: Tensor) -> None:
    """The published window has one position in it, and does not notice what happens in a corner."""
    crop = image[..., :64, :64]
    touched = crop.clone()
    touched[..., :8, :8] = 1 - touched[..., :8, :8]
    assert ssim_loss(touched, crop).item() == pytest.approx(0, abs=1e-6)
    assert ssim_loss(touched, crop, form="gaussian-11").item() > 1e-3


def test_images_below_the_window_shrink_it() -> None:
    small = torch.rand(1, 1, 12, 40, generator=torch.Generator().manual_seed(1))
    assert ssim_loss(small, small).item() == pytest.approx(0, abs=1e-6)
    assert ssim_loss(small, 1 - small).item() > 0.5


def test_the_gradient_term_wants_the_stronger_edge() -> None:
    flat, edge = torch.zeros(1, 1, 16, 16), torch.zeros(1, 1, 16, 16)
    edge[..., 8:] = 1
    assert gradient_loss(edge, flat, edge).item() == 0
    assert gradient_loss(flat, flat, edge).item() > 0


def test_weights_below_zero_are_refused() -> None:
    with pytest.raises(SettingsError, match="negative"):
        LossSettings(ssim=-1.0)
