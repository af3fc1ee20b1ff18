"""Fusing by the processes that are not diffusion: one evaluation, or a few Euler steps along a straight line.

Arguments are those of the samplers in `sampler.py`, as far as there is something to ask for.
"""

from __future__ import annotations

import torch
from torch import Tensor

from diffif.model.diffusion import DiffIF, start_of_flow


def fuse_at_once(model: DiffIF, condition: Tensor) -> Tensor:
    """The fused image of the processes `direct` and `render`, (B, 1, H, W) in [-1, 1].

    Args:
        model: Of one of these processes.
        condition: Visible luma and infrared, (B, 2, H, W) in [-1, 1].
    """
    level = torch.zeros(len(condition), 1, dtype=condition.dtype, device=condition.device)
    fused: Tensor = model(condition[:, :1], condition, level).refined
    return fused.clamp(-1, 1)


def fuse_by_flow(model: DiffIF, condition: Tensor, *, num_steps: int) -> Tensor:
    """Euler steps of equal length from the mean of the sources, (B, 1, H, W) in [-1, 1].

    The refined image is fed back as in the diffusion process: each step goes towards it from where the step began.

    Args:
        model: Of the process `flow`.
        condition: Visible luma and infrared, (B, 2, H, W) in [-1, 1].
        num_steps: 1 or more.

    Source: Lipman et al., Flow Matching for Generative Modeling, 2023, with straight paths between the two images.
    """
    x = start_of_flow(condition)
    for step in range(num_steps):
        share = torch.full((len(condition), 1), step / num_steps, dtype=condition.dtype, device=condition.device)
        refined = model(x, condition, share).refined.clamp(-1, 1)
        x = x + (refined - x) / (num_steps - step)
    return x.clamp(-1, 1)
