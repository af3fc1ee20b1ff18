from __future__ import annotations

import dataclasses

import pytest
import torch

from diffif.model.diffusion import DiffIF, ModelSettings, TrainingBatch, training_losses, unwrap, x0_from_eps
from diffif.model.losses import LossSettings
from suite.errors import ImageError


@pytest.fixture
def batch(generator: torch.Generator) -> TrainingBatch:
    return TrainingBatch(*(torch.rand(2, 1, 32, 32, generator=generator) for _ in range(3)))


def test_the_true_noise_gives_back_the_clean_image(generator: torch.Generator) -> None:
    x0, eps = torch.rand(3, 1, 8, 8, generator=generator), torch.randn(3, 1, 8, 8, generator=generator)
    level = torch.tensor([[0.99], [0.5], [0.2]], dtype=torch.float64)
    spread = level[:, :, None, None]
    xt = (spread * x0 + (1 - spread**2).sqrt() * eps).float()
    torch.testing.assert_close(x0_from_eps(xt, eps, level), x0, rtol=0, atol=1e-5)


def test_the_same_generator_state_gives_the_same_losses(tiny_model: DiffIF, batch: TrainingBatch) -> None:
    first, again, other = (
        training_losses(tiny_model, batch, generator=torch.Generator().manual_seed(seed)) for seed in (3, 3, 4)
    )
    assert set(first) == {"eps", "x0", "intensity", "gradient", "ssim", "loss"}
    assert all(torch.equal(first[name], again[name]) for name in first)
    assert first["loss"] != other["loss"]
    total = sum(value.item() for name, value in first.items() if name != "loss")
    assert first["loss"].item() == pytest.approx(total, rel=1e-6)


def test_a_weight_scales_its_term_alone(tiny_model: DiffIF, batch: TrainingBatch, generator: torch.Generator) -> None:
    state = generator.get_state()
    usual = training_losses(tiny_model, batch, generator=generator)
    generator.set_state(state)
    doubled = training_losses(tiny_model, batch, generator=generator, settings=LossSettings(gradient=10.0))
    assert doubled["gradient"].item() == pytest.approx(2 * usual["gradient"].item(), rel=1e-6)
    assert doubled["eps"] == usual["eps"]


def test_the_refiner_does_not_train_the_denoiser(tiny_model: DiffIF, generator: torch.Generator) -> None:
    batch = TrainingBatch(*(torch.rand(1, 1, 32, 32, generator=generator) for _ in range(3)))
    settings = LossSettings(eps=0.0)
    training_losses(tiny_model, batch, generator=generator, settings=settings)["loss"].backward()
    gradients = [p.grad for p in tiny_model.denoiser.parameters()]
    assert all(g is None or float(g.abs().max()) == 0 for g in gradients)
    assert tiny_model.refiner is not None
    assert any(p.grad is not None and float(p.grad.abs().max()) > 0 for p in tiny_model.refiner.parameters())


def test_without_refiner_the_denoiser_learns_from_every_term(
    tiny_settings: ModelSettings, batch: TrainingBatch, generator: torch.Generator
) -> None:
    model = DiffIF(dataclasses.replace(tiny_settings, refiner=None))
    assert model.refiner is None
    assert not any(name.startswith("refinement_fn") for name in model.state_dict())
    training_losses(model, batch, generator=generator, settings=LossSettings(eps=0.0))["loss"].backward()
    assert any(p.grad is not None and float(p.grad.abs().max()) > 0 for p in model.denoiser.parameters())


def test_a_wrapped_model_trains_too(tiny_model: DiffIF, batch: TrainingBatch, generator: torch.Generator) -> None:
    wrapped = torch.nn.DataParallel(tiny_model)
    assert unwrap(wrapped) is tiny_model
    assert training_losses(wrapped, batch, generator=generator)["loss"].isfinite()
    with pytest.raises(TypeError, match="Linear"):
        unwrap(torch.nn.Linear(1, 1))


def test_crops_that_do_not_fit_are_refused(tiny_model: DiffIF, generator: torch.Generator) -> None:
    fits, odd = torch.rand(1, 1, 32, 32), torch.rand(1, 1, 31, 32)
    with pytest.raises(ImageError, match="31x32"):
        training_losses(tiny_model, TrainingBatch(odd, odd, odd), generator=generator)
    with pytest.raises(ImageError, match="one shape"):
        training_losses(tiny_model, TrainingBatch(fits, odd, fits), generator=generator)
