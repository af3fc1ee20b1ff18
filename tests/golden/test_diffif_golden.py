"""Diff-IF against numbers of the public reference implementation (github.com/XunpengYi/Diff-IF, commit 19030f5).

`shared/golden/diffif/README.md` says how they were made (PyTorch 2.15.0, float32, CPU, eval mode, parameters filled
by a rule instead of trained). Its tolerance of 5e-5 admits any right float32 arithmetic and rejects every wrong one it
lists.
"""

from __future__ import annotations

import copy
import json
from pathlib import Path

import pytest
import torch
from safetensors.torch import load_file
from torch import Tensor

from benchmarks.diffif_reference import sample_reference
from diffif.model.diffusion import DiffIF, TrainingBatch, losses_at, x0_from_eps
from diffif.model.losses import LossSettings, gradient_loss, ssim_loss
from diffif.model.sampler import SamplerStep, sample_ddim

ATOL = 5e-5
EPS_ATOL = 2e-5
"""For the clean image implied by eps: at the first level, 0.08, it carries 12 times the rounding of eps (7e-6)."""
GRADIENT_RTOL = 1e-4
"""Gradients are reproduced to 3e-6 relative; another summation order may cost a digit."""
TERMS = {"eps": "l_eps", "x0": "l_x0", "intensity": "l_max", "gradient": "l_grad", "ssim": "l_ssim", "loss": "loss"}


@pytest.fixture(scope="module")
def golden_dir(shared: Path) -> Path:
    return shared / "golden" / "diffif"


@pytest.fixture(scope="module")
def golden(golden_dir: Path) -> dict[str, Tensor]:
    return load_file(golden_dir / "golden.safetensors")


@pytest.fixture(scope="module")
def keys(golden_dir: Path) -> dict[str, list[int]]:
    return dict(json.loads((golden_dir / "keys.json").read_text()))


@pytest.fixture(scope="module")
def model(golden: dict[str, Tensor], keys: dict[str, list[int]]) -> DiffIF:
    """The published network, filled by the rule of the golden set's README."""
    parameters = sorted(key for key in keys if key.startswith(("denoise_fn.", "refinement_fn.")))
    filled = {}
    for number, key in enumerate(parameters):
        generator = torch.Generator().manual_seed(1000 + number)
        value = torch.randn(keys[key], generator=generator) * 0.05
        filled[key] = 1 + value if len(keys[key]) == 1 and key.endswith(".weight") else value
    sums = torch.stack([filled[key].double().sum() for key in parameters])
    torch.testing.assert_close(sums, golden["param_sum_f64"], rtol=0, atol=1e-9)
    model = DiffIF().eval()
    model.load_state_dict({**filled, **model.schedule.buffers()}, strict=True)
    return model


def assert_golden(found: Tensor, expected: Tensor, atol: float = ATOL) -> None:
    torch.testing.assert_close(found, expected, rtol=0, atol=atol)


def test_names_shapes_and_order_of_the_tensors_are_the_published_ones(
    model: DiffIF, keys: dict[str, list[int]]
) -> None:
    found = {key: list(value.shape) for key, value in model.state_dict().items()}
    assert found == keys
    assert list(found) == list(keys)


def test_the_schedule_is_the_published_one(model: DiffIF, golden: dict[str, Tensor]) -> None:
    torch.testing.assert_close(model.schedule.levels, golden["sqrt_alphas_cumprod_prev_f64"], rtol=0, atol=1e-12)
    buffers = dict(model.named_buffers())
    torch.testing.assert_close(buffers["betas"], golden["buffer.betas"], rtol=1e-6, atol=0)
    torch.testing.assert_close(buffers["alphas_cumprod"], golden["buffer.alphas_cumprod"], rtol=1e-6, atol=0)


@pytest.mark.parametrize("case", ["", "_b", "_c"])
def test_single_passes_agree(model: DiffIF, golden: dict[str, Tensor], case: str) -> None:
    condition = torch.cat([golden[f"vi{case}"], golden[f"ir{case}"]], dim=1)
    level = golden[f"noise_level{case}"]
    with torch.inference_mode():
        eps = model.denoiser(torch.cat([condition, golden[f"x_t{case}"]], dim=1), level)
        refined = model.refiner(condition, golden[f"refiner_input{case}"], level)
    assert_golden(eps, golden[f"denoiser_output{case}"])
    assert_golden(refined, golden[f"refiner_output{case}"])


@pytest.mark.parametrize("memory_format", [torch.contiguous_format, torch.channels_last])
def test_four_ddim_steps_agree_at_every_stage(
    model: DiffIF, golden: dict[str, Tensor], memory_format: torch.memory_format
) -> None:
    model = copy.deepcopy(model).to(memory_format=memory_format)
    noises = [golden["ddim_initial_noise"], *golden["ddim_step_noise"].unsqueeze(1)]
    steps: list[SamplerStep] = []
    with torch.inference_mode():
        result = sample_ddim(
            model,
            torch.cat([golden["vi"], golden["ir"]], dim=1).contiguous(memory_format=memory_format),
            model.schedule,
            num_steps=4,
            eta=1.0,
            noise=lambda index: noises[index],
            callback=steps.append,
        )
    assert [step.timestep for step in steps] == golden["ddim_timesteps"].tolist()
    for step in steps:
        index = step.number
        assert step.noise_level == pytest.approx(golden["ddim_noise_level"][index].item(), abs=1e-7)
        assert_golden(step.xt[0], golden["ddim_x_in"][index])
        assert_golden(step.prediction.eps[0], golden["ddim_eps"][index])
        amplified = EPS_ATOL * (1 / step.noise_level**2 - 1) ** 0.5
        assert_golden(step.prediction.x0[0], golden["ddim_refiner_input"][index], max(ATOL, amplified))
        assert_golden(step.prediction.refined[0], golden["ddim_refined"][index])
        assert_golden(step.x_next[0], golden["ddim_x_out"][index])
    assert_golden(result, golden["ddim_result"])


@pytest.mark.parametrize("case", ["train1", "train2"])
def test_training_losses_and_gradients_agree(model: DiffIF, golden: dict[str, Tensor], case: str) -> None:
    t = int(golden[f"{case}_t"])
    low, high = model.schedule.levels[t], model.schedule.levels[t - 1]
    assert bool(((golden[f"{case}_noise_level"] >= low) & (golden[f"{case}_noise_level"] <= high)).all())
    model.zero_grad()
    terms = losses_at(
        model,
        TrainingBatch(golden["train_vi"], golden["train_ir"], golden["train_fusion"]),
        noise=golden["train_noise"],
        noise_level=golden[f"{case}_noise_level"],
        x0_level=low.expand(2, 1),
        settings=LossSettings(),
    )
    for name, recorded in TERMS.items():
        assert_golden(terms[name].detach(), golden[f"{case}_{recorded}"])
    terms["loss"].backward()
    gradients = {name: parameter.grad for name, parameter in model.named_parameters()}
    for name in (key.removeprefix(f"{case}_grad.") for key in golden if key.startswith(f"{case}_grad.")):
        expected = golden[f"{case}_grad.{name}"]
        torch.testing.assert_close(gradients[name], expected, rtol=0, atol=GRADIENT_RTOL * float(expected.abs().max()))
    for part in ("denoise_fn", "refinement_fn"):
        norm = torch.stack([g.norm() for name, g in gradients.items() if name.startswith(part)]).norm()
        torch.testing.assert_close(norm, golden[f"{case}_gradnorm_{part}"], rtol=GRADIENT_RTOL, atol=0)
    model.zero_grad()


@pytest.mark.parametrize("case", ["train1", "train2"])
def test_the_clean_image_of_a_training_step_agrees(model: DiffIF, golden: dict[str, Tensor], case: str) -> None:
    level = model.schedule.levels[int(golden[f"{case}_t"])].expand(2, 1)
    x0 = x0_from_eps(golden[f"{case}_x_t"], golden[f"{case}_eps"], level).clamp(-1, 1)
    assert_golden(x0, golden[f"{case}_refiner_input"])


@pytest.mark.parametrize("case", ["wide", "narrow"])
def test_image_losses_agree_in_both_dynamic_ranges(golden: dict[str, Tensor], case: str) -> None:
    image, visible, infrared = golden[f"loss_img_{case}"], golden["train_vi"], golden["train_ir"]
    references = {"vi": visible, "ir": infrared, "self": image, "shifted": image.roll(3, dims=-1)}
    for name, reference in references.items():
        assert_golden(ssim_loss(image, reference), golden[f"loss_ssim_{case}_vs_{name}"])
    assert_golden(gradient_loss(image, visible, infrared), golden[f"loss_grad_{case}"])


def test_the_reference_of_the_benchmark_is_the_published_arithmetic(model: DiffIF, golden: dict[str, Tensor]) -> None:
    noises = [golden["ddim_initial_noise"], *golden["ddim_step_noise"].unsqueeze(1)]
    condition = torch.cat([golden["vi"], golden["ir"]], dim=1)
    state = {name: parameter.detach() for name, parameter in model.named_parameters()}
    assert_golden(sample_reference(state, condition, noises, groups=24), golden["ddim_result"])
