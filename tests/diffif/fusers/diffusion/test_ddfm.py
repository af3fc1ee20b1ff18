from __future__ import annotations

from pathlib import Path

import pytest
import torch
from torch import Tensor, nn

from diffif.fusers.base import Fuser
from diffif.fusers.diffusion.ddfm import DDFM, Expectation, rectify, sample, spaced_steps
from diffif.fusers.diffusion.unconditional import DEFAULT_SCHEDULER, UnconditionalModel, alphas_cumprod
from suite.errors import SettingsError, WeightsError
from tests.contracts.fuser_contract import FuserContract, make_pair

diffusers = pytest.importorskip("diffusers")


class GaussianPrior(nn.Module):
    """The exact noise predictor of images whose pixels are independent, normal with a mean and a variance."""

    def __init__(self, mean: float, variance: float, levels: Tensor) -> None:
        super().__init__()
        self.mean, self.variance, self.levels = mean, variance, levels

    def forward(self, xt: Tensor, steps: Tensor, return_dict: bool) -> tuple[Tensor]:
        level = self.levels[steps[0]].to(xt)
        spread = level * self.variance + 1 - level
        return ((1 - level).sqrt() * (xt - level.sqrt() * self.mean) / spread,)


def gaussian_model(mean: float, variance: float = 1e-4) -> UnconditionalModel:
    levels = alphas_cumprod(DEFAULT_SCHEDULER)
    return UnconditionalModel(GaussianPrior(mean, variance, levels), levels, 1, 1, "test")


def run(model: UnconditionalModel, visible: Tensor, infrared: Tensor, steps: int = 20) -> Tensor:
    noise = torch.randn(visible.shape, generator=torch.Generator().manual_seed(0))
    return sample(model, visible, infrared, num_steps=steps, smoothness=0.5, rho=0.001, noise=noise)


@pytest.fixture(scope="module")
def tiny_model(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("model") / "unet"
    torch.manual_seed(0)
    network = diffusers.UNet2DModel(
        sample_size=16,
        in_channels=3,
        out_channels=3,
        block_out_channels=(8, 16),
        down_block_types=("DownBlock2D", "DownBlock2D"),
        up_block_types=("UpBlock2D", "UpBlock2D"),
        norm_num_groups=4,
        layers_per_block=1,
    )
    network.save_pretrained(folder)
    return folder.parent


class TestDDFMContract(FuserContract):
    tolerance = 1e-4  # the quotients of the E step enlarge rounding differences

    @pytest.fixture
    def fuser(self, tiny_model: Path) -> Fuser:
        return DDFM(weights=str(tiny_model), steps=3)


def test_sources_that_agree_are_returned_whatever_the_prior_says() -> None:
    _, image = make_pair(24, 32)
    image = 2 * image - 1
    fused = run(gaussian_model(mean=-0.8), image, image)
    torch.testing.assert_close(fused, image, atol=0.05, rtol=0)


def test_fused_lies_between_the_sources_whatever_the_prior_says() -> None:
    visible, infrared = torch.full((1, 1, 16, 16), -0.6), torch.full((1, 1, 16, 16), 0.6)
    for mean in (-0.6, 0.0, 0.6):
        fused = run(gaussian_model(mean), visible, infrared)
        assert fused.abs().max() < 0.65


def test_pixels_are_not_scattered_over_both_sources_by_a_weak_prior() -> None:
    # A prior that knows nothing of neighbours leaves every pixel to the rectification.
    visible, infrared = torch.full((1, 1, 32, 32), -0.6), torch.full((1, 1, 32, 32), 0.6)
    fused = run(gaussian_model(0.0, variance=0.25), visible, infrared, steps=50)
    assert fused.std() < 0.05
    assert fused.mean().abs() < 0.1


def test_rectification_answers_nearness_to_one_source_by_the_other() -> None:
    visible, infrared = torch.full((1, 1, 8, 8), 0.5), torch.full((1, 1, 8, 8), -0.5)
    # Mirrored about the mean of the sources, but at most two thirds of the way to the visible one (d is at most 2 c).
    near_visible = rectify(infrared + 0.8, visible, infrared, Expectation.start(visible), smoothness=0.5, rho=1e-6)
    torch.testing.assert_close(near_visible, infrared + 0.2, atol=1e-3, rtol=0)
    near_infrared = rectify(infrared + 0.2, visible, infrared, Expectation.start(visible), smoothness=0.5, rho=1e-6)
    torch.testing.assert_close(near_infrared, infrared + 2 / 3, atol=1e-3, rtol=0)


def test_reverse_process_without_sources_to_obey_reproduces_the_prior() -> None:
    # With both sources equal to the prior's mean nothing pulls, and DDIM must end at the mean.
    mean = torch.full((1, 1, 12, 12), 0.25)
    torch.testing.assert_close(run(gaussian_model(0.25), mean, mean, steps=50), mean, atol=0.03, rtol=0)


def test_spaced_steps_hold_both_ends_and_fall() -> None:
    assert spaced_steps(1000, 4) == [999, 666, 333, 0]
    assert spaced_steps(10, 10) == list(range(9, -1, -1))


def test_schedule_is_that_of_ddpm() -> None:
    levels = alphas_cumprod(DEFAULT_SCHEDULER)
    expected = diffusers.DDPMScheduler().alphas_cumprod.double()
    torch.testing.assert_close(levels, expected, atol=1e-6, rtol=1e-5)
    with pytest.raises(WeightsError, match="cosine"):
        alphas_cumprod({**DEFAULT_SCHEDULER, "beta_schedule": "cosine"})


def test_seed_changes_pixels_and_fingerprint(tiny_model: Path) -> None:
    visible, infrared = make_pair(16, 16)
    first, second = (DDFM(weights=str(tiny_model), steps=2, seed=seed) for seed in (0, 1))
    assert first.fingerprint != second.fingerprint
    assert not torch.equal(first.fuse(visible, infrared), second.fuse(visible, infrared))


def test_missing_model_and_foolish_settings_are_explained(tmp_path: Path, tiny_model: Path) -> None:
    with pytest.raises(WeightsError, match="unconditional diffusion model"):
        DDFM()
    with pytest.raises(WeightsError, match="no diffusion model at"):
        DDFM(weights=str(tmp_path / "absent"))
    with pytest.raises(WeightsError, match=r"expected config\.json"):
        DDFM(weights=str(tmp_path))
    with pytest.raises(SettingsError, match="steps"):
        DDFM(weights=str(tiny_model), steps=2000)
