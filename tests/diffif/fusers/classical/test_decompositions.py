"""What the parts of the classical methods promise on inputs whose answer is known."""

from __future__ import annotations

import pytest
import torch

from diffif.fusers.classical.adf import anisotropic_diffusion
from diffif.fusers.classical.fpde import fourth_order_diffusion
from diffif.fusers.classical.gff import GFF
from diffif.fusers.classical.gtf import tv_l1
from diffif.fusers.classical.ifevip import background, entropy
from diffif.fusers.classical.latlrr import latent_low_rank
from diffif.fusers.classical.principal_component import principal_weights
from diffif.fusers.classical.vsm_wls import decompose, visual_saliency
from diffif.fusers.registry import build_fuser
from tests.contracts.fuser_contract import make_pair

# Methods that must give an image back when both sources are it: their rules choose or average.
IDEMPOTENT = ("average", "max", "laplacian", "rp", "dwt", "dtcwt", "adf", "fpde", "gff", "gtf", "msvd", "vsm-wls")


@pytest.mark.parametrize("name", IDEMPOTENT)
def test_fusing_an_image_with_itself_gives_it_back(name: str) -> None:
    visible, _ = make_pair(40, 56, grey=True)
    fused = build_fuser(name).fuse(visible, visible[:, :1].contiguous())
    torch.testing.assert_close(fused, visible, atol=2e-3, rtol=0)


def test_diffusion_smooths_noise_and_keeps_a_strong_edge() -> None:
    step = torch.zeros(1, 1, 32, 32)
    step[..., 16:] = 1.0
    noisy = step + 0.02 * torch.randn(step.shape, generator=torch.Generator().manual_seed(0))
    smooth = anisotropic_diffusion(noisy, iterations=20, step=0.15, kappa=30 / 255)
    assert smooth[..., 4:12].std() < 0.3 * noisy[..., 4:12].std()
    assert (smooth[..., 16] - smooth[..., 15]).mean() > 0.95


def test_fourth_order_diffusion_leaves_a_ramp_alone() -> None:
    ramp = torch.linspace(0, 1, 40).expand(1, 1, 30, 40)
    smooth = fourth_order_diffusion(ramp, iterations=10, step=0.9, kappa=4.0)
    torch.testing.assert_close(smooth[..., 10:-10], ramp[..., 10:-10], atol=1e-5, rtol=0)


def test_total_variation_removes_small_spots_and_keeps_large_ones() -> None:
    image = torch.zeros(1, 1, 48, 48)
    image[..., 4:6, 4:6] = 1.0
    image[..., 16:40, 16:40] = 1.0
    d = tv_l1(image, 2.0, 400)
    assert d[..., 4:6, 4:6].max() < 0.1
    assert d[..., 24:32, 24:32].min() > 0.9


def test_principal_weights_favour_the_stronger_detail_and_sum_to_one() -> None:
    _, first = make_pair(20, 24)
    first = first - first.mean()
    for signed in (True, False):
        weight_a, weight_b = principal_weights(first, 0.5 * first, signed=signed)
        assert weight_a.item() == pytest.approx(2 / 3, abs=1e-4)
        assert (weight_a + weight_b).item() == pytest.approx(1.0)
    opposite = principal_weights(first, -first, signed=True)
    assert opposite[0].item() == opposite[1].item() == 0.5


def test_latent_low_rank_of_a_low_rank_matrix_leaves_no_error() -> None:
    generator = torch.Generator().manual_seed(0)
    factors = torch.rand(24, 2, generator=generator), torch.rand(2, 30, generator=generator)
    matrix = (factors[0] @ factors[1]).double()
    low_rank, salient = latent_low_rank(matrix, growth=1.2, iterations=400)
    torch.testing.assert_close(low_rank + salient, matrix, atol=1e-3, rtol=0)
    assert torch.linalg.matrix_rank(low_rank, atol=1e-3) <= 2


def test_gff_shares_a_region_without_texture_between_the_sources() -> None:
    sky, black = torch.full((1, 3, 96, 96), 0.7), torch.zeros(1, 1, 96, 96)
    sky[..., 80:, :] = torch.rand(1, 1, 16, 96, generator=torch.Generator().manual_seed(0))
    gff = build_fuser("gff")
    assert isinstance(gff, GFF)
    fused = gff._fuse_luma(sky[:, :1], black)
    # Neither source has anything to show in the upper rows: to take one of them would be the order's choice.
    torch.testing.assert_close(fused[..., :8, :], torch.full((1, 1, 8, 96), 0.35), atol=0.05, rtol=0)
    torch.testing.assert_close(gff._fuse_luma(black, sky[:, :1]), fused)


def test_layers_of_vsm_wls_sum_to_the_image_and_rare_levels_are_salient() -> None:
    _, image = make_pair(40, 56)
    torch.testing.assert_close(torch.stack(decompose(image)).sum(dim=0), image, atol=1e-5, rtol=0)
    spot = torch.full((1, 1, 20, 20), 0.2)
    spot[..., 8:10, 8:10] = 0.9
    saliency = visual_saliency(spot)
    assert saliency[..., 8, 8] == 1.0
    assert saliency[..., 0, 0] == 0.0


def test_infrared_background_drops_a_bright_object_and_entropy_is_in_bits() -> None:
    grey = torch.full((96, 128), 60.0).double().numpy()
    grey[40:44, 60:64] = 250.0
    assert background(grey).max() < 70
    assert entropy(grey * 0) == 0.0
    halves = grey * 0
    halves[:48] = 200
    assert entropy(halves) == pytest.approx(1.0)
