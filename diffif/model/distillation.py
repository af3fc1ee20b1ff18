"""Distilling several denoising steps into one: the student learns the teacher's whole trajectory in a single step.

The teacher samples with eta = 0, so its result is a function of the starting noise and the sources, and the student can
be asked for exactly that function (Luhman and Luhman, Knowledge Distillation in Iterative Generative Models, 2021).
Consistency training would need many noise levels to agree; with a teacher of four steps, whose one sampled trajectory
is all that is wanted, direct regression costs less and has no schedule of its own to tune.
"""

from __future__ import annotations

import torch
import torch.nn.functional as F
from torch import Tensor, nn

from diffif.model.diffusion import DiffIF, TrainingBatch
from diffif.model.losses import sobel
from diffif.model.sampler import sample_ddim

IMAGE_WEIGHT, GRADIENT_WEIGHT = 10.0, 5.0
"""The gradient term keeps the weight of the published loss; pixels weigh as much as its terms on pixels together."""


def distillation_losses(
    student: nn.Module, teacher: DiffIF, batch: TrainingBatch, *, noise: Tensor, num_steps: int
) -> dict[str, Tensor]:
    """How far the student's one step is from the teacher's several, from the same noise.

    Args:
        student: A `DiffIF`, possibly wrapped for several devices.
        teacher: Trained model in eval mode.
        batch: Sources in [-1, 1]; its target is not used.
        noise: Starting noise, (B, 1, H, W).
        num_steps: Denoising steps of the teacher.

    Returns:
        Scalars: the weighted terms `x0`, `gradient`, and their sum `loss`.
    """
    condition = torch.cat([batch.visible, batch.infrared], dim=1)
    with torch.no_grad():
        wanted = sample_ddim(
            teacher, condition, teacher.schedule, num_steps=num_steps, eta=0.0, noise=lambda index: noise
        )
    found = sample_ddim(student, condition, teacher.schedule, num_steps=1, eta=0.0, noise=lambda index: noise)
    terms = {
        "x0": IMAGE_WEIGHT * F.l1_loss(found.float(), wanted.float()),
        "gradient": GRADIENT_WEIGHT * F.l1_loss(sobel(found.float()), sobel(wanted.float())),
    }
    return {**terms, "loss": terms["x0"] + terms["gradient"]}
