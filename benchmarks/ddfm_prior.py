"""Train a small unconditional diffusion model on luma crops, to try DDFM where no large one is at hand.

    python -m benchmarks.ddfm_prior IMAGES OUT --steps 2000

IMAGES is a folder of visible images; OUT becomes a diffusers folder with a model card. The model is far too small and
too briefly trained to be a prior of natural images: DDFM around it shows that the sampling works, not what it can do.
"""

from __future__ import annotations

import json
import sys
import time
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Annotated

import torch
from diffusers import UNet2DModel
from torch import Tensor

from datasets.images import IMAGE_SUFFIXES, read_image
from diffif.fusers.diffusion.unconditional import DEFAULT_SCHEDULER, alphas_cumprod
from suite.command import run_settings
from suite.options import Argument

CARD = """# A small luma diffusion model

Unconditional, one channel, {parameters:,} parameters, trained {steps} steps of {batch} crops of {crop} pixels from
{images} images in {minutes:.1f} minutes; last loss {loss:.4f}. It exists to test DDFM's sampling. It is small: images
fused around it say nothing about DDFM with the 552-million-parameter model of its paper.

Made by: python -m benchmarks.ddfm_prior IMAGES OUT --steps {steps} --crop {crop} --batch {batch} --seed {seed}
"""


@dataclass(frozen=True, kw_only=True)
class PriorNetworkSettings:
    """What the small model is trained on, and how long."""

    images: Annotated[Path, Argument(positional=True)]
    """Folder of visible images."""
    out: Annotated[Path, Argument(positional=True)]
    """Folder to write."""
    steps: int = 2000
    """Training steps."""
    crop: int = 32
    """Side of the crops in pixels."""
    batch: int = 16
    """Crops per step."""
    seed: int = 0
    """Same seed, same model."""


def load_luma(folder: Path) -> list[Tensor]:
    """Every image's luma, (1, H, W) in [-1, 1]."""
    files = sorted(file for file in folder.iterdir() if file.suffix.lower() in IMAGE_SUFFIXES)
    return [2 * read_image(file, "grey")[0] - 1 for file in files]


def draw_crops(images: list[Tensor], batch: int, crop: int, generator: torch.Generator) -> Tensor:
    """(batch, 1, crop, crop) at random places."""
    crops = []
    for index in torch.randint(len(images), (batch,), generator=generator).tolist():
        height, width = images[index].shape[-2:]
        top = int(torch.randint(height - crop + 1, (), generator=generator))
        left = int(torch.randint(width - crop + 1, (), generator=generator))
        crops.append(images[index][:, top : top + crop, left : left + crop])
    return torch.stack(crops)


def train(images: list[Tensor], *, steps: int, crop: int, batch: int, seed: int) -> tuple[UNet2DModel, float]:
    """The network and its last smoothed loss."""
    torch.manual_seed(seed)
    generator = torch.Generator().manual_seed(seed)
    network = UNet2DModel(
        sample_size=crop,
        in_channels=1,
        out_channels=1,
        block_out_channels=(24, 48, 48),
        down_block_types=("DownBlock2D",) * 3,
        up_block_types=("UpBlock2D",) * 3,
        norm_num_groups=8,
        layers_per_block=1,
        # Attention over every pixel of a large image's coarsest level would take most of the time.
        add_attention=False,
    )
    optimizer = torch.optim.Adam(network.parameters(), lr=1e-3)
    levels = alphas_cumprod(DEFAULT_SCHEDULER).float()
    smoothed = 1.0
    for step in range(steps):
        x0 = draw_crops(images, batch, crop, generator)
        when = torch.randint(len(levels), (batch,), generator=generator)
        level = levels[when].view(-1, 1, 1, 1)
        eps = torch.randn(x0.shape, generator=generator)
        loss = (network(level.sqrt() * x0 + (1 - level).sqrt() * eps, when).sample - eps).square().mean()
        optimizer.zero_grad()
        loss.backward()
        optimizer.step()
        smoothed = 0.98 * smoothed + 0.02 * loss.item()
        if step % 100 == 0:
            print(f"step {step}: loss {smoothed:.4f}", flush=True)
    return network, smoothed


def main(argv: Sequence[str] | None = None) -> int:
    return run_settings(run, argv, prog="python -m benchmarks.ddfm_prior", description=__doc__)


def run(settings: PriorNetworkSettings) -> int:
    """Train, save, describe."""
    images = load_luma(settings.images)
    start = time.monotonic()
    options = {"steps": settings.steps, "crop": settings.crop, "batch": settings.batch, "seed": settings.seed}
    network, loss = train(images, **options)
    network.save_pretrained(settings.out / "unet")
    (settings.out / "scheduler").mkdir(exist_ok=True)
    (settings.out / "scheduler" / "scheduler_config.json").write_text(json.dumps(DEFAULT_SCHEDULER))
    minutes = (time.monotonic() - start) / 60
    parameters = sum(p.numel() for p in network.parameters())
    card = CARD.format(parameters=parameters, images=len(images), minutes=minutes, loss=loss, **options)
    (settings.out / "README.md").write_text(card)
    print(card)
    return 0


if __name__ == "__main__":
    sys.exit(main())
