"""Diff-IF as a fuser: a checkpoint, a sampler, and the way from images in [0, 1] to the model's range and back."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any, Literal

import torch
from torch import Tensor

from diffif.fusers.base import Fuser
from diffif.model.attention import SelfAttention
from diffif.model.checkpoint import load_checkpoint
from diffif.model.diffusion import DiffIF
from diffif.model.noise import ImageNoise
from diffif.model.pretrained_folder import WEIGHTS_FILE, weights_of
from diffif.model.sampler import SamplerName, SamplerSettings, sample
from suite.errors import CheckpointError, SettingsError
from suite.settings import from_mapping

SHIPPED_DIR = Path(__file__).resolve().parents[2] / "weights"
"""The checkpoints that come with the package, `diffif-<name>.safetensors`."""
DEFAULT_SHIPPED = "small"
DTYPES = {"float32": torch.float32, "bfloat16": torch.bfloat16}


class DiffIFFuser(Fuser):
    """Fusion by a few denoising steps, guided by both sources; trained on the best image of a pool of other fusers.

    Args:
        device: "cpu", "cuda", ...
        weights: A Diff-IF checkpoint (a .safetensors file, or the folder of one), or the name of a shipped one: small
            (infrared and visible, the default), fast (the renderer alone, without diffusion), small-mif and fast-mif
            (medical).
        steps: Denoising steps; if None, as in the checkpoint's recipe, or 4 as published where it has none.
        sampler: ddim, ddpm or dpmpp-2m; None as above, published: ddim.
        eta: Randomness of ddim, 0 to 1; None as above, published: 1.
        seed: Decides all noise; the same seed gives the same image, in any batch and in any tiles.
        window: Side of the windows of attention in positions, even, 0 for none; None: as trained. Makes a model that
            attends over the whole image linear in its pixels, at the price of other pixels.
        dtype: bfloat16 is about twice as fast where the processor knows it, and changes pixels by up to a few 1/255.

    Raises:
        CheckpointError: no such checkpoint, or not one.
        SettingsError: an impossible sampler setting.
    """

    name = "diffif"
    label = "Diff-IF"
    kind = "diffusion"
    paper = (
        "Yi et al., Diff-IF: multi-modality image fusion via diffusion model with fusion knowledge "
        "prior, Information Fusion 2024"
    )
    weights_needed = "diffif/weights/diffif-small.safetensors (shipped), or train: python -m diffif train --recipe ivf"
    stride = 8

    def __init__(
        self,
        *,
        device: str = "cpu",
        weights: Path | None = None,
        steps: int | None = None,
        sampler: SamplerName | None = None,
        eta: float | None = None,
        seed: int = 0,
        dtype: Literal["float32", "bfloat16"] = "float32",
        window: int | None = None,
    ) -> None:
        super().__init__(device=device)
        if dtype not in DTYPES:
            raise SettingsError(f"dtype must be one of {', '.join(DTYPES)}, got {dtype!r}")
        self.dtype = dtype
        checkpoint = load_checkpoint(find_checkpoint(weights or DEFAULT_SHIPPED), device=self.device)
        self.card = checkpoint.card
        process = checkpoint.model.settings.process
        _refuse_sampler(process, steps=steps, sampler=sampler, eta=eta)
        trained = from_mapping(SamplerSettings, checkpoint.card.recipe.get("sampler", {}))
        self.sampler = SamplerSettings(
            method=trained.method if sampler is None else sampler,
            num_steps=1 if process in AT_ONCE else trained.num_steps if steps is None else steps,
            eta=trained.eta if eta is None else eta,
            seed=seed,
        )
        self.sha256 = checkpoint.sha256
        self.window = window
        self.model: DiffIF = checkpoint.model.to(memory_format=torch.channels_last)
        self.model.schedule.timesteps(self.sampler.num_steps)
        if window is not None:
            self._set_window(window)
        self.stride = self.min_size = self.model.stride
        self.bytes_per_pixel = peak_bytes_per_pixel(self.model)

    @property
    def settings(self) -> Mapping[str, Any]:
        """Checkpoint by its hash, sampler, arithmetic."""
        return {
            "weights": self.sha256,
            "steps": self.sampler.num_steps,
            "sampler": self.sampler.method,
            "eta": self.sampler.eta,
            "seed": self.sampler.seed,
            "dtype": self.dtype,
            "window": self.window,
        }

    def modules(self) -> Sequence[torch.nn.Module]:
        """The model."""
        return (self.model,)

    def _set_window(self, window: int) -> None:
        if window < 0 or window % 2:
            raise SettingsError(f"window must be even and not negative, got {window}")
        for module in self.model.modules():
            if isinstance(module, SelfAttention):
                module.window = window

    def _fuse_any_size(self, y: Tensor, infrared: Tensor) -> Tensor:
        # Each tile must know where it lies, to take its own part of the image's noise: two planes carry that along.
        batch, _, height, width = y.shape
        rows = torch.arange(height, dtype=y.dtype, device=y.device).view(1, 1, -1, 1).expand(batch, 1, height, width)
        columns = torch.arange(width, dtype=y.dtype, device=y.device).view(1, 1, 1, -1).expand(batch, 1, height, width)
        return super()._fuse_any_size(y, torch.cat([infrared, rows, columns], dim=1))

    def _fuse_luma(self, y: Tensor, infrared: Tensor) -> Tensor:
        infrared, rows, columns = infrared.split(1, dim=1)
        height, width = y.shape[-2:]
        noise = ImageNoise(
            self.sampler.seed,
            height,
            width,
            top=int(rows[0, 0, 0, 0]),
            left=int(columns[0, 0, 0, 0]),
            device=self.device,
        )
        condition = (2 * torch.cat([y, infrared], dim=1) - 1).contiguous(memory_format=torch.channels_last)
        with torch.autocast(self.device.type, DTYPES[self.dtype], enabled=self.dtype != "float32"):
            fused = sample(self.model, condition, self.model.schedule, self.sampler, noise=noise)
        return (fused.float() + 1) / 2


def find_checkpoint(name_or_path: str | Path) -> Path:
    """The file of a checkpoint: given by its path, by a folder of it, or by the name of a shipped one.

    A path that exists goes before a name.

    Raises:
        CheckpointError: none of these; names the shipped ones.
    """
    path = Path(name_or_path)
    shipped = SHIPPED_DIR / f"diffif-{path.name}.safetensors"
    if path.is_file():
        return path
    if (path / WEIGHTS_FILE).exists() or (path.is_dir() and (path.parent != Path() or not shipped.is_file())):
        return weights_of(path)
    if path.parent != Path():
        return path
    if shipped.is_file():
        return shipped
    names = sorted(p.stem.removeprefix("diffif-") for p in SHIPPED_DIR.glob("diffif-*.safetensors"))
    raise CheckpointError(
        f"no checkpoint {name_or_path}: no such file here, and the shipped ones are: {', '.join(names) or '(none)'}. "
        "Train one: python -m diffif train --recipe small."
    )


def _refuse_sampler(process: str, *, steps: int | None, sampler: str | None, eta: float | None) -> None:
    """Refuse to draw by a sampler what is not drawn.

    Raises:
        SettingsError: a setting that this process has no use for.
    """
    given = {"steps": steps, "sampler": sampler, "eta": eta}
    if process == "flow":
        given.pop("steps")
    useless = [name for name, value in given.items() if value is not None]
    if process != "diffusion" and useless and (useless != ["steps"] or steps != 1):
        raise SettingsError(
            f"this checkpoint fuses by the process {process}, which has no {' and no '.join(useless)} to choose. "
            "Leave that out, or take a diffusion checkpoint: --weights small"
        )


def peak_bytes_per_pixel(model: DiffIF) -> int:
    """Rough peak memory of fusing one pixel: measured on the published sizes, and proportional to the widths."""
    settings = model.settings
    denoiser = PEAK_FLOATS_PER_DENOISER_CHANNEL * settings.denoiser.inner_channels / settings.denoiser.patch**2
    refiner: float = PEAK_FLOATS_PER_REFINER_CHANNEL * (settings.refiner.width if settings.refiner else 0)
    if settings.renderer:
        # Half the resolution, and the pyramid's layers at full resolution beside it.
        refiner = PEAK_FLOATS_PER_REFINER_CHANNEL * (max(settings.renderer.widths) / 4 + PYRAMID_LAYERS)
    return int(4 * max(denoiser if settings.process != "render" else 0, refiner))


AT_ONCE = ("direct", "render")
PYRAMID_LAYERS = 4
PEAK_FLOATS_PER_DENOISER_CHANNEL = 16
PEAK_FLOATS_PER_REFINER_CHANNEL = 16
"""Twice what `python -m benchmarks.diffif peak --which fuser` finds on CPU (1375 bytes per pixel at 960x1440 for 48
channels), since a GPU works on whole images."""
