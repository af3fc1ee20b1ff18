"""Training crops: visible luma, infrared and prior of one pair, cut and flipped alike.

Every crop is a pure function of (seed, step, place in the batch). So a resumed run sees the crops that an undisturbed
one would have seen, and several processes together see the batch that one process would have.
"""

from __future__ import annotations

import hashlib
from collections import Counter
from collections.abc import Iterator, Sequence
from pathlib import Path

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor
from torch.utils.data import DataLoader, Dataset, Sampler

from datasets.base import Sample
from datasets.images import read_array, read_sample, rgb_to_y, to_uint8
from diffif.model.diffusion import TrainingBatch
from diffif.training.recipe import DataSettings, Recipe
from suite.errors import DatasetError, SettingsError, list_offenders


def step_generator(*parts: int | str) -> torch.Generator:
    """A CPU generator that depends on the given parts only."""
    digest = hashlib.sha256(" ".join(map(str, parts)).encode()).digest()
    return torch.Generator().manual_seed(int.from_bytes(digest[:7], "big"))


class PriorPairs:
    """Pairs with their prior, held in memory as 8-bit luma.

    Args:
        samples: The training pairs.
        prior_dir: Folder of `<id>.png`, grey or colour, of which the luma is taken; None: the mean of both sources
            stands in (ablation `no-prior`).
        crop: Smallest side that an image must have.

    Raises:
        DatasetError: a prior is missing or has another size, or an image is smaller than a crop; lists up to ten.
    """

    def __init__(self, samples: Sequence[Sample], prior_dir: Path | None, crop: int) -> None:
        self.samples = list(samples)
        self.prior_dir = prior_dir
        if prior_dir is not None:
            missing = [str(prior_dir / f"{s.id}.png") for s in samples if not (prior_dir / f"{s.id}.png").is_file()]
            if missing:
                raise DatasetError(
                    f"{len(missing)} of {len(self.samples)} training pairs have no prior:\n{list_offenders(missing)}\n"
                    "Make it: python -m diffif search --dataset ... --root ... --out PRIOR, then --prior PRIOR/Fusion_K"
                )
        self.images = [self._load(sample, crop) for sample in self.samples]

    def __len__(self) -> int:
        return len(self.images)

    def _load(self, sample: Sample, crop: int) -> NDArray[np.uint8]:
        visible, infrared = read_sample(sample)
        y, ir = to_uint8(rgb_to_y(visible)), to_uint8(infrared)
        if min(y.shape) < crop:
            raise DatasetError(
                f"{sample.id}: {y.shape[0]}x{y.shape[1]} (HxW) is smaller than a training crop of {crop}. "
                "Lower it: --set data.crop=..., a multiple of 8."
            )
        if self.prior_dir is None:
            mean = (y.astype(np.uint16) + ir + 1) // 2
            return np.stack([y, ir, mean.astype(np.uint8)])
        path = self.prior_dir / f"{sample.id}.png"
        prior = read_array(path)
        prior = prior if prior.ndim == 2 else to_uint8(rgb_to_y(torch.from_numpy(prior).permute(2, 0, 1)[None] / 255.0))
        if prior.shape != y.shape:
            raise DatasetError(
                f"{path} is {prior.shape[0]}x{prior.shape[1]} (HxW), its pair {y.shape[0]}x{y.shape[1]}. "
                "Search again for this dataset."
            )
        return np.stack([y, ir, prior])


class Crops(Dataset[Tensor]):
    """Crop number `step * batch_size + place`, (3, crop, crop) float32 in [0, 1]: visible Y, infrared, prior."""

    def __init__(self, pairs: PriorPairs, settings: DataSettings, seed: int) -> None:
        self.pairs = pairs
        self.settings = settings
        self.seed = seed
        self.chances = draw_chances([sample.id for sample in pairs.samples], settings.balance)

    def __getitem__(self, number: int) -> Tensor:
        generator = step_generator(self.seed, "crop", number)
        crop = self.settings.crop
        image = self.pairs.images[self._draw(generator)]
        top = int(torch.randint(image.shape[1] - crop + 1, (1,), generator=generator))
        left = int(torch.randint(image.shape[2] - crop + 1, (1,), generator=generator))
        cut = torch.from_numpy(image[:, top : top + crop, left : left + crop]).to(torch.float32) / 255.0
        if self.settings.flip:
            flips = torch.rand(2, generator=generator)
            cut = cut.flip([axis + 1 for axis in (0, 1) if flips[axis] < 0.5])
        return cut

    def _draw(self, generator: torch.Generator) -> int:
        # Equal chances need no table, and a seed keeps the crops that it has always meant.
        if self.settings.balance == 0:
            return int(torch.randint(len(self.pairs), (1,), generator=generator))
        return int(torch.multinomial(self.chances, 1, generator=generator))


def draw_chances(ids: Sequence[str], balance: float) -> Tensor:
    """Chance of each pair to be drawn, (N,), summing to 1; see `DataSettings.balance`."""
    sources = [pair_id.partition("-")[0] for pair_id in ids]
    sizes = Counter(sources)
    chances = torch.tensor([sizes[source] ** -balance for source in sources], dtype=torch.float64)
    return chances / chances.sum()


class _StepSampler(Sampler[list[int]]):
    """The crop numbers of each remaining step that belong to one process."""

    def __init__(self, first: int, last: int, batch_size: int, rank: int, world_size: int) -> None:
        self.steps = range(first, last)
        self.batch_size = batch_size
        share = batch_size // world_size
        self.places = range(rank * share, (rank + 1) * share)

    def __iter__(self) -> Iterator[list[int]]:
        for step in self.steps:
            yield [step * self.batch_size + place for place in self.places]

    def __len__(self) -> int:
        return len(self.steps)


def crop_loader(
    pairs: PriorPairs, recipe: Recipe, *, first_step: int, rank: int = 0, world_size: int = 1
) -> DataLoader[Tensor]:
    """This process's part of every batch from `first_step` on, (B / world_size, 3, crop, crop).

    Raises:
        SettingsError: the batch cannot be shared evenly by the processes.
    """
    if recipe.data.batch_size % world_size:
        raise SettingsError(
            f"data.batch_size {recipe.data.batch_size} is not a multiple of {world_size} processes. "
            f"Nearest that fits: {max(1, round(recipe.data.batch_size / world_size)) * world_size}."
        )
    sampler = _StepSampler(first_step, recipe.iterations, recipe.data.batch_size, rank, world_size)
    return DataLoader(
        Crops(pairs, recipe.data, recipe.seed),
        batch_sampler=sampler,
        num_workers=recipe.data.num_workers,
        persistent_workers=recipe.data.num_workers > 0,
        pin_memory=torch.cuda.is_available(),
        # Its own generator: a loader draws a number when it starts, which would shift the dropout of a resumed run.
        generator=torch.Generator(),
    )


def as_training_batch(crops: Tensor) -> TrainingBatch:
    """(B, 3, H, W) in [0, 1] from the loader as a batch in [-1, 1]."""
    visible, infrared, target = (2 * crops - 1).split(1, dim=1)
    return TrainingBatch(visible=visible, infrared=infrared, target=target)
