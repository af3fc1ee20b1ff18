"""How good a model in training is: image metrics of its fused images on held-out pairs."""

from __future__ import annotations

from collections.abc import Sequence

import torch
from torch import Tensor

from datasets.base import Sample
from datasets.images import read_sample, rgb_to_y
from diffif.metrics import evaluate
from diffif.model.diffusion import DiffIF
from diffif.model.sampler import SamplerSettings, sample
from diffif.prior.goal import SearchSettings
from diffif.training.recipe import ValidationSettings

METRICS = ("mi", "scd", "vif", "qabf", "ssim")


class Validation:
    """Scores a model on a fixed choice of held-out pairs.

    Args:
        samples: The validation split; `settings.num_pairs` of them are taken, evenly spaced.
        settings: How many pairs, how large.
        stride: Sides are cropped to multiples of this.
    """

    def __init__(self, samples: Sequence[Sample], settings: ValidationSettings, stride: int) -> None:
        count = min(settings.num_pairs, len(samples))
        chosen = [samples[round(i * (len(samples) - 1) / max(count - 1, 1))] for i in range(count)]
        self.pairs = [_centre(*read_sample(s), settings.max_side, stride) for s in chosen]

    @torch.inference_mode()
    def fuse(self, model: DiffIF, sampler: SamplerSettings, device: torch.device) -> list[Tensor]:
        """Fused luma of every held-out pair, (1, 1, H, W) in [0, 1], on the CPU."""
        was_training = model.training
        model.eval()
        fused = []
        for y, infrared in self.pairs:
            condition = (2 * torch.cat([y, infrared], dim=1) - 1).to(device)
            fused.append(((sample(model, condition, model.schedule, sampler) + 1) / 2).clamp(0, 1).float().cpu())
        model.train(was_training)
        return fused

    def score(self, fused: Sequence[Tensor]) -> dict[str, float]:
        """Mean of each metric, `standard` convention, and `goal`: what targeted search maximises."""
        values = {name: 0.0 for name in METRICS}
        for image, (y, infrared) in zip(fused, self.pairs, strict=True):
            for name, value in evaluate(image, y, infrared, metrics=METRICS).items():
                values[name] += float(value[0]) / len(self.pairs)
        goal = sum(weight * values[name] for name, weight in SearchSettings().weights.items())
        return {**values, "goal": goal}


def _centre(visible: Tensor, infrared: Tensor, max_side: int, stride: int) -> tuple[Tensor, Tensor]:
    height, width = (min(side, max_side) // stride * stride for side in infrared.shape[-2:])
    top, left = ((full - side) // 2 for full, side in zip(infrared.shape[-2:], (height, width), strict=True))
    window = (..., slice(top, top + height), slice(left, left + width))
    return rgb_to_y(visible)[window], infrared[window]
