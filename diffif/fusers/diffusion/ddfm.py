"""DDFM: posterior sampling of a fused image around an unconditional diffusion model, without any training for fusion.

Each reverse step predicts the clean image, and one step of expectation maximisation draws its luma towards the sources.
The model is x = fused - infrared and y = visible - infrared with Laplacian y - x and x, and a smooth y - x. Letters are
the paper's; where the authors' program differs from the paper's text we follow the program, which made the published
images (see `rectify`).
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Literal

import torch
from torch import Tensor, nn

from datasets.images import LUMA_BLUE, LUMA_GREEN, LUMA_RED
from diffif.fusers.base import Fuser
from diffif.fusers.diffusion.unconditional import UnconditionalModel, load_unconditional
from diffif.fusers.output_range import stretch
from suite.errors import SettingsError, WeightsError

TINY = 1e-6
SOURCE = "256x256_diffusion_uncond.pt of github.com/openai/guided-diffusion, or any unconditional diffusers folder"


@dataclass
class Expectation:
    """What the expectation maximisation carries from one reverse step to the next; all per image."""

    tau_a: Tensor
    tau_b: Tensor
    gradient_rows: Tensor
    gradient_columns: Tensor

    @classmethod
    def start(cls, image: Tensor) -> Expectation:
        """Before the first step."""
        one = image.new_ones((image.shape[0], 1, 1, 1))
        return cls(one, one.clone(), torch.zeros_like(image), torch.zeros_like(image))


def rectify(
    fused: Tensor, visible: Tensor, infrared: Tensor, state: Expectation, *, smoothness: float, rho: float
) -> Tensor:
    """One step of expectation maximisation; changes `state`.

    Args:
        fused: The diffusion model's clean luma, (B, 1, H, W) in [-1, 1].
        visible: Visible luma, same shape and range.
        infrared: Infrared, same shape and range.
        state: Carried along.
        smoothness: Lambda: weight of the squared gradient of visible - fused.
        rho: Weight of the quadratic coupling.

    Returns:
        The rectified luma, same shape.

    Source: Zhao et al., DDFM, ICCV 2023, Section 3.3, with the last line of the authors' EM_onestep.py
    (github.com/Zhaozixiang1228/MMIF-DDFM): it returns visible - x, where the text has infrared + x.
    """
    y, x = visible - infrared, fused - infrared
    # E step: inverse scales of the two Laplacians as expected weights of squares.
    d = torch.sqrt(2 / state.tau_b / (x**2 + TINY))
    c = torch.sqrt(2 / state.tau_a / ((y - x) ** 2 + TINY))
    d = torch.minimum(d, 2 * c)
    dims = (-3, -2, -1)
    state.tau_b = (1 / d + state.tau_b / 2).mean(dim=dims, keepdim=True)
    state.tau_a = (1 / c + state.tau_a / 2).mean(dim=dims, keepdim=True)
    # M step: a half-quadratic split, the smooth part solved exactly in the Fourier domain.
    smooth = _nearest_with_gradient(y - x, state.gradient_rows, state.gradient_columns)
    shrink = rho / (2 * smoothness + rho)
    state.gradient_rows = shrink * (smooth - smooth.roll(-1, dims=-2))
    state.gradient_columns = shrink * (smooth - smooth.roll(-1, dims=-1))
    x = (2 * c * y + rho * (y - smooth)) / (2 * c + 2 * d + rho)
    # Each source thus gets the weight that comes from the distance to the other one, which balances the two. With
    # infrared + x every pixel would be drawn to the source that it happens to be nearer to: objects dissolve into
    # patches and white speckles, as the prior's noise falls.
    return visible - x


def _nearest_with_gradient(image: Tensor, rows: Tensor, columns: Tensor) -> Tensor:
    """The h that minimises |h - image|^2 + |gradient of h - (rows, columns)|^2 on a torus."""
    height, width = image.shape[-2:]
    shift_rows = 1 - torch.exp(2j * torch.pi * torch.fft.fftfreq(height, device=image.device))[:, None]
    shift_columns = 1 - torch.exp(2j * torch.pi * torch.fft.rfftfreq(width, device=image.device))[None, :]
    total = torch.fft.rfft2(image) + shift_rows.conj() * torch.fft.rfft2(rows)
    total = total + shift_columns.conj() * torch.fft.rfft2(columns)
    nearest: Tensor = torch.fft.irfft2(
        total / (1 + shift_rows.abs() ** 2 + shift_columns.abs() ** 2), s=(height, width)
    )
    return nearest


def spaced_steps(total: int, count: int) -> list[int]:
    """`count` of `total` steps, evenly spaced with both ends, in sampling order (largest first)."""
    if count == 1:
        return [total - 1]
    return sorted({round(index * (total - 1) / (count - 1)) for index in range(count)}, reverse=True)


def sample(
    model: UnconditionalModel,
    visible: Tensor,
    infrared: Tensor,
    *,
    num_steps: int,
    smoothness: float,
    rho: float,
    noise: Tensor,
) -> Tensor:
    """The fused luma, (B, 1, H, W) about [-1, 1], by deterministic DDIM with rectified clean images.

    Args:
        model: The diffusion model.
        visible: Visible luma, (B, 1, H, W) in [-1, 1].
        infrared: Same shape and range.
        num_steps: Reverse steps.
        smoothness: See `rectify`.
        rho: See `rectify`.
        noise: x_T, (B, model.channels, H, W).
    """
    xt, state = noise, Expectation.start(visible)
    steps = spaced_steps(len(model.alphas_cumprod), num_steps)
    for step, following in zip(steps, [*steps[1:], None], strict=True):
        level = float(model.alphas_cumprod[step])
        eps = model.predict_noise(xt, step)
        x0 = ((xt - (1 - level) ** 0.5 * eps) / level**0.5).clamp(-1, 1)
        luma = _luma(x0)
        # Moving all channels alike changes luma and keeps chroma.
        x0 = x0 + rectify(luma, visible, infrared, state, smoothness=smoothness, rho=rho) - luma
        eps = (xt - level**0.5 * x0) / (1 - level) ** 0.5
        next_level = 1.0 if following is None else float(model.alphas_cumprod[following])
        xt = next_level**0.5 * x0 + (1 - next_level) ** 0.5 * eps
    return _luma(xt)


def _luma(image: Tensor) -> Tensor:
    if image.shape[1] == 1:
        return image
    return LUMA_RED * image[:, 0:1] + LUMA_GREEN * image[:, 1:2] + LUMA_BLUE * image[:, 2:3]


class DDFM(Fuser):
    """Denoising diffusion fusion.

    The paper's prior is a 552-million-parameter model of 256x256 ImageNet images. The one that benchmarks/ddfm_prior.py
    trains in minutes has 0.6 million: it shows that the sampling works, not what DDFM can do.

    Args:
        weights: A diffusers folder or a guided-diffusion checkpoint.
        steps: Reverse steps.
        smoothness: Weight of the gradient term.
        rho: Weight of the coupling.
        seed: Seed of the first noise, which is the same for every image of a size.
        output: "stretch" each image's range to [0, 1], as the published command does, or "clip" it.
        device: Where to compute.

    Raises:
        WeightsError: no model was given, or it cannot be read.
        SettingsError: steps, smoothness or rho is not positive.
    """

    name = "ddfm"
    label = "DDFM"
    kind = "diffusion"
    paper = "Zhao et al., DDFM: denoising diffusion model for multi-modality image fusion, ICCV 2023"
    weights_needed = SOURCE
    tileable = False
    min_size = 16
    code_version = 2

    def __init__(
        self,
        *,
        weights: str | None = None,
        steps: int = 100,
        smoothness: float = 0.5,
        rho: float = 0.001,
        seed: int = 3407,
        output: Literal["stretch", "clip"] = "stretch",
        device: str = "cpu",
    ) -> None:
        if min(steps, smoothness, rho) <= 0:
            raise SettingsError(f"ddfm: steps, smoothness and rho must be positive, got {steps}, {smoothness}, {rho}.")
        if weights is None:
            raise WeightsError(f"ddfm needs an unconditional diffusion model: {SOURCE}. Pass it with weights=PATH.")
        self.model = load_unconditional(Path(weights).expanduser(), torch.device(device))
        if steps > len(self.model.alphas_cumprod):
            raise SettingsError(f"ddfm: {steps} steps, but the model has {len(self.model.alphas_cumprod)}.")
        settings = {"steps": steps, "smoothness": smoothness, "rho": rho, "seed": seed, "output": output}
        super().__init__(device=device, settings={**settings, "weights": self.model.sha256})
        self.steps, self.smoothness, self.rho, self.seed, self.output = steps, smoothness, rho, seed, output
        self.stride = self.model.factor

    def modules(self) -> Sequence[nn.Module]:
        """The diffusion model."""
        return (self.model.network,)

    def _fuse_luma(self, y: Tensor, infrared: Tensor) -> Tensor:
        generator = torch.Generator().manual_seed(self.seed)
        noise = torch.randn((1, self.model.channels, *y.shape[-2:]), generator=generator)
        fused = sample(
            self.model,
            2 * y - 1,
            2 * infrared - 1,
            num_steps=self.steps,
            smoothness=self.smoothness,
            rho=self.rho,
            noise=noise.to(y).expand(y.shape[0], -1, -1, -1),
        )
        return (fused + 1) / 2

    def _finish(self, fused: Tensor) -> Tensor:
        return stretch(fused) if self.output == "stretch" else fused
