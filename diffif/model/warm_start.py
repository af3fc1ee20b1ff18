"""Starting a training from another model's weights: the whole of it, or what both have.

A renderer trained alone (`process: render`) may become the refiner of a diffusion model: the estimate of the clean
image is then one more source, which begins with no weight, so that the model begins as good as the renderer was.
"""

from __future__ import annotations

import torch
from torch import Tensor

from diffif.model.diffusion import DiffIF
from diffif.model.renderer import FIRST_LOGIT, Renderer
from suite.errors import CheckpointError

IMAGES = 2
"""Images that a renderer alone sees; with an estimate they are three."""
SUBPIXELS = 4
"""Channels per image at half the resolution."""


def start_from(model: DiffIF, source: DiffIF, *, name: str) -> int:
    """Copy into `model` what `source` has, and return how many tensors that were.

    Args:
        model: A fresh model.
        source: A trained one; the same networks, or a renderer for the refiner's place.
        name: What the user calls the source.

    Raises:
        CheckpointError: they have no tensor in common.
    """
    theirs = dict(source.named_parameters())
    if isinstance(model.refiner, Renderer) and isinstance(source.refiner, Renderer):
        theirs = {key: _fit(key, value, model, source) for key, value in theirs.items()}
    count = 0
    with torch.no_grad():
        for key, value in model.named_parameters():
            if key in theirs and theirs[key].shape == value.shape:
                value.copy_(theirs[key])
                count += 1
    if not count:
        raise CheckpointError(f"{name} has no tensor in common with the model to train; start from one of its kind.")
    return count


def _fit(key: str, value: Tensor, model: DiffIF, source: DiffIF) -> Tensor:
    """A tensor of a renderer alone as that of one with an estimate; others as they are."""
    assert isinstance(model.refiner, Renderer)
    assert isinstance(source.refiner, Renderer)
    if model.refiner.noise_func is None or source.refiner.noise_func is not None:
        return value
    short = key.removeprefix("refinement_fn.")
    if short == "first.weight":
        return _insert(value, 1, SUBPIXELS * IMAGES, SUBPIXELS, 0.0)
    if short.startswith(("heads.", "finest_head.")):
        each = SUBPIXELS if short.startswith("finest") else 1
        return _insert(value, 0, each * IMAGES, each, -FIRST_LOGIT if short.endswith("bias") else 0.0)
    return value


def _insert(value: Tensor, dim: int, at: int, count: int, fill: float) -> Tensor:
    """`count` more entries of this value before entry `at` along `dim`."""
    before, after = value.tensor_split([at], dim=dim)
    shape = list(value.shape)
    shape[dim] = count
    return torch.cat([before, value.new_full(shape, fill), after], dim=dim)
