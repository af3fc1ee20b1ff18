from __future__ import annotations

import dataclasses

import pytest
import torch

from diffif.model.diffusion import DiffIF, ModelSettings, TrainingBatch, start_of_flow, training_losses
from diffif.model.goal_loss import GoalWeights
from diffif.model.losses import LossSettings
from diffif.model.one_step import fuse_at_once, fuse_by_flow
from diffif.model.renderer import RendererSettings
from diffif.model.sampler import SamplerSettings, sample
from suite.errors import SettingsError

RENDERER = RendererSettings(widths=(4, 6), blocks=(1, 1))


@pytest.fixture
def batch(generator: torch.Generator) -> TrainingBatch:
    return TrainingBatch(*(torch.rand(2, 1, 48, 48, generator=generator) for _ in range(3)))


@pytest.fixture(params=["direct", "flow", "render", "diffusion"])
def model(request: pytest.FixtureRequest, tiny_settings: ModelSettings) -> DiffIF:
    renderer = RENDERER if request.param in ("render", "diffusion") else None
    with torch.random.fork_rng():
        torch.manual_seed(0)
        return DiffIF(dataclasses.replace(tiny_settings, process=request.param, renderer=renderer)).eval()


def test_every_process_fuses_and_every_parameter_learns(model: DiffIF, batch: TrainingBatch) -> None:
    condition = 2 * torch.cat([batch.visible, batch.infrared], dim=1) - 1
    with torch.no_grad():
        # A renderer begins with weights of zero, behind which nothing learns in the first step.
        for parameter in model.parameters():
            parameter.add_(0.05 * torch.randn(parameter.shape, generator=torch.Generator().manual_seed(1)))
    fused = sample(model, condition, model.schedule, SamplerSettings(num_steps=2))
    assert fused.shape == batch.target.shape
    assert fused.abs().max() <= 1
    training_losses(model, batch, generator=torch.Generator().manual_seed(0))["loss"].backward()
    assert all(p.grad is not None and float(p.grad.abs().max()) > 0 for p in model.parameters())


def test_only_what_predicts_something_beside_the_image_has_a_loss_of_it(model: DiffIF, batch: TrainingBatch) -> None:
    terms = training_losses(model, batch, generator=torch.Generator().manual_seed(0))
    assert ("eps" in terms) == (model.settings.process in ("diffusion", "flow"))


def test_terms_of_the_goal_enter_by_their_weights(model: DiffIF, batch: TrainingBatch) -> None:
    asked = LossSettings(goal=GoalWeights(ssim=2.0, vif=1.0), texture=1.0, noise=1.0, edges=1.0)
    terms = training_losses(model, batch, generator=torch.Generator().manual_seed(0), settings=asked)
    assert {"goal_ssim", "goal_vif", "outside", "texture", "noise", "edges"} <= set(terms)
    assert "goal_qabf" not in terms
    total = sum(value.item() for name, value in terms.items() if name != "loss")
    assert terms["loss"].item() == pytest.approx(total, rel=1e-5)


def test_flow_with_a_perfect_network_arrives_at_the_prior_in_any_number_of_steps(
    tiny_settings: ModelSettings, batch: TrainingBatch
) -> None:
    model = DiffIF(dataclasses.replace(tiny_settings, process="flow", refiner=None))
    condition = 2 * torch.cat([batch.visible, batch.infrared], dim=1) - 1
    target = 2 * batch.target - 1
    model.denoise_fn = _Constant(target - start_of_flow(condition))  # type: ignore[assignment]
    for num_steps in (1, 2, 4):
        torch.testing.assert_close(fuse_by_flow(model, condition, num_steps=num_steps), target, rtol=0, atol=1e-5)


class _Constant(torch.nn.Module):
    def __init__(self, velocity: torch.Tensor) -> None:
        super().__init__()
        self.velocity = velocity

    def forward(self, x: torch.Tensor, level: torch.Tensor) -> torch.Tensor:
        return self.velocity


def test_what_starts_from_nothing_does_not_look_at_noise(tiny_settings: ModelSettings, batch: TrainingBatch) -> None:
    model = DiffIF(dataclasses.replace(tiny_settings, process="direct")).eval()
    condition = 2 * torch.cat([batch.visible, batch.infrared], dim=1) - 1
    seeds = [sample(model, condition, model.schedule, SamplerSettings(seed=seed)) for seed in (0, 1)]
    assert torch.equal(*seeds)
    assert torch.equal(seeds[0], fuse_at_once(model, condition))


def test_a_process_without_its_network_is_refused(tiny_settings: ModelSettings) -> None:
    with pytest.raises(SettingsError, match=r"needs model\.renderer"):
        dataclasses.replace(tiny_settings, process="render")
    with pytest.raises(SettingsError, match="must be diffusion"):
        dataclasses.replace(tiny_settings, process="teleport")
    renders = DiffIF(dataclasses.replace(tiny_settings, process="render", renderer=RENDERER))
    with pytest.raises(SettingsError, match="no denoiser"):
        _ = renders.denoiser
