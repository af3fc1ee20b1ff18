"""Train a small unconditional diffusion model on luma crops, to try DDFM where no large one is at hand.

    python -m benchmarks.ddfm_prior IMAGES OUT --steps 2000

IMAGES is a folder of visible images; OUT becomes a diffusers folder with a model card. The model is far too small and
too briefly trained to be a prior of natural images: DDFM around it shows that the sampling works, not what it can do.
"""

from __future__ import annotations

import argparse
import json
import time
from pathlib import Path

import torch
from diffusers import UNet2DModel
from torch import Tensor

from datasets.images import IMAGE_SUFFIXES, read_image
from diffif.fusers.diffusion.unconditional import DEFAULT_SCHEDULER, alphas_cumprod

CARD = """# A small luma diffusion model

Unconditional, one channel, {parameters:,} parameters, trained {steps} steps of {batch} crops of {crop} pixels from
{images} images in {minutes:.1f} minutes; last loss {loss:.4f}. It exists to test DDFM's sampling. It is small: images
fused around it say nothing about DDFM with the 552-million-parameter model of its paper.

Made by: python -m benchmarks.ddfm_prior IMAGES OUT --steps {steps} --crop {crop} --batch {batch} --seed {seed}
"""


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


def main() -> None:
    """Train, save, describe."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("images", type=Path)
    parser.add_argument("out", type=Path)
    parser.add_argument("--steps", type=int, default=2000)
    parser.add_argument("--crop", type=int, default=32)
    parser.add_argument("--batch", type=int, default=16)
    parser.add_argument("--seed", type=int, default=0)
    arguments = parser.parse_args()
    images = load_luma(arguments.images)
    start = time.monotonic()
    options = {"steps": arguments.steps, "crop": arguments.crop, "batch": arguments.batch, "seed": arguments.seed}
    network, loss = train(images, **options)
    network.save_pretrained(arguments.out / "unet")
    (arguments.out / "scheduler").mkdir(exist_ok=True)
    (arguments.out / "scheduler" / "scheduler_config.json").write_text(json.dumps(DEFAULT_SCHEDULER))
    minutes = (time.monotonic() - start) / 60
    parameters = sum(p.numel() for p in network.parameters())
    card = CARD.format(parameters=parameters, images=len(images), minutes=minutes, loss=loss, **options)
    (arguments.out / "README.md").write_text(card)
    print(card)


if __name__ == "__main__":
    main()
