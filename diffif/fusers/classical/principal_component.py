"""Weights of two detail layers by their principal component (the Karhunen-Loeve transform of two variables)."""

from __future__ import annotations

import torch
from torch import Tensor

# Below this the eigenvector's sum is taken for zero: two layers that are each other's negative.
SMALLEST_SUM = 1e-6


def principal_weights(first: Tensor, second: Tensor, *, signed: bool) -> tuple[Tensor, Tensor]:
    """How much of each detail layer the principal component takes, each (B, 1, 1, 1), summing to one.

    Args:
        first: A detail layer, (B, 1, H, W).
        second: The other one, same shape.
        signed: Divide the eigenvector by its sum, as the published codes do: one layer enters negatively, and the
            other above one, where the two are anticorrelated. False: divide its magnitudes by theirs.
    """
    pair = torch.stack((first.flatten(1), second.flatten(1)), dim=1).double()
    centred = pair - pair.mean(dim=2, keepdim=True)
    covariance = centred @ centred.transpose(1, 2) / max(pair.shape[2] - 1, 1)
    _, vectors = torch.linalg.eigh(covariance)
    weights = vectors[:, :, -1] if signed else vectors[:, :, -1].abs()
    total = weights.sum(dim=1, keepdim=True)
    weights = torch.where(total.abs() < SMALLEST_SUM, 0.5, weights / total).to(first.dtype)
    return weights[:, 0].view(-1, 1, 1, 1), weights[:, 1].view(-1, 1, 1, 1)
