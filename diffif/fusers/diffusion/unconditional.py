"""Unconditional diffusion models of other projects behind one protocol: what noise is in x_t at step t?

Two kinds are read: a `diffusers` folder with a UNet2DModel (and its scheduler, where it has one), and the checkpoint of
OpenAI's guided-diffusion, 256x256 unconditional (`guided_diffusion.py` maps its names).
"""

from __future__ import annotations

import hashlib
import json
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import torch
from torch import Tensor, nn

from diffif.fusers.published.weights import weights_sha256
from suite.errors import MissingPackage, WeightsError

# Ho et al., Denoising diffusion probabilistic models, NeurIPS 2020: the linear schedule that both kinds default to.
DEFAULT_SCHEDULER = {"num_train_timesteps": 1000, "beta_start": 1e-4, "beta_end": 0.02, "beta_schedule": "linear"}
UNET_FILES = ("diffusion_pytorch_model.safetensors", "diffusion_pytorch_model.bin")


@dataclass(frozen=True)
class UnconditionalModel:
    """A network that predicts noise, and the schedule that it was trained with."""

    network: nn.Module
    alphas_cumprod: Tensor
    """(T,) float64."""
    channels: int
    """3 for RGB, 1 for luma; images lie in [-1, 1]."""
    factor: int
    """Both sides of x_t must be multiples of this."""
    sha256: str

    def predict_noise(self, xt: Tensor, step: int) -> Tensor:
        """The noise in x_t, same shape; a learned variance, where the network has one, is dropped."""
        steps = torch.full((xt.shape[0],), step, device=xt.device, dtype=torch.long)
        predicted: Tensor = self.network(xt, steps, return_dict=False)[0]
        return predicted[:, : self.channels]


def load_unconditional(path: Path, device: torch.device) -> UnconditionalModel:
    """Read a model.

    Args:
        path: A diffusers folder (the pipeline's or the UNet's own), or a guided-diffusion checkpoint file.
        device: Where the network goes.

    Raises:
        WeightsError: neither of the two, or of another architecture.
        MissingPackage: diffusers is not installed; both kinds need its network.
    """
    try:
        from diffusers import UNet2DModel
    except ImportError as error:
        raise MissingPackage("diffusers", "a diffusion prior (ddfm)") from error
    if path.is_dir():
        return _load_folder(UNet2DModel, path, device)
    if not path.is_file():
        raise WeightsError(
            f"no diffusion model at {path}. Expected a diffusers folder or a guided-diffusion checkpoint."
        )
    from diffif.fusers.diffusion.guided_diffusion import load_guided_diffusion

    network = load_guided_diffusion(path)
    return _wrap(network, DEFAULT_SCHEDULER, weights_sha256(path), device)


def _load_folder(architecture: Any, path: Path, device: torch.device) -> UnconditionalModel:
    unet = path / "unet" if (path / "unet").is_dir() else path
    weights = next((unet / name for name in UNET_FILES if (unet / name).is_file()), None)
    if weights is None or not (unet / "config.json").is_file():
        raise WeightsError(f"{path} is not a diffusers model: expected config.json and {UNET_FILES[0]} in {unet}.")
    try:
        network = architecture.from_pretrained(str(unet), local_files_only=True, low_cpu_mem_usage=False)
    except (OSError, ValueError, TypeError, RuntimeError) as error:
        raise WeightsError(f"{unet} cannot be read as an unconditional UNet2DModel: {error}.") from error
    scheduler_file = path / "scheduler" / "scheduler_config.json"
    scheduler = json.loads(scheduler_file.read_text()) if scheduler_file.is_file() else {}
    if scheduler.get("prediction_type", "epsilon") != "epsilon":
        raise WeightsError(
            f"{path} predicts {scheduler['prediction_type']}; only models that predict noise are usable."
        )
    digest = hashlib.sha256((weights_sha256(weights) + json.dumps(scheduler, sort_keys=True)).encode()).hexdigest()
    return _wrap(network, {**DEFAULT_SCHEDULER, **scheduler}, digest, device)


def _wrap(network: Any, scheduler: dict[str, Any], digest: str, device: torch.device) -> UnconditionalModel:
    channels = int(network.config.in_channels)
    if channels not in (1, 3) or network.config.out_channels not in (channels, 2 * channels):
        raise WeightsError(
            f"the diffusion model has {channels} input and {network.config.out_channels} output channels; "
            "expected 1 or 3, and as many or twice as many."
        )
    network.eval().requires_grad_(False).to(device)
    factor = 2 ** (len(network.config.block_out_channels) - 1)
    return UnconditionalModel(network, alphas_cumprod(scheduler), channels, factor, digest)


def alphas_cumprod(scheduler: dict[str, Any]) -> Tensor:
    """The cumulative product of 1 - beta, (T,) float64, of a diffusers scheduler configuration.

    Raises:
        WeightsError: a schedule other than linear and scaled_linear.
    """
    kind = scheduler["beta_schedule"]
    ends = torch.tensor([scheduler["beta_start"], scheduler["beta_end"]], dtype=torch.float64)
    count = int(scheduler["num_train_timesteps"])
    if kind == "linear":
        betas = torch.linspace(float(ends[0]), float(ends[1]), count, dtype=torch.float64)
    elif kind == "scaled_linear":
        betas = torch.linspace(float(ends[0].sqrt()), float(ends[1].sqrt()), count, dtype=torch.float64) ** 2
    else:
        raise WeightsError(f"the diffusion model's beta schedule is {kind!r}; known: linear, scaled_linear.")
    return (1 - betas).cumprod(dim=0)
