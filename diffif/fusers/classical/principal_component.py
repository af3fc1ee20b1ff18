"""Weights of two detail layers by their principal component (the Karhunen-Loeve transform of two variables)."""

from __future__ import annotations

import torch
from torch import Tensor


def principal_weights(first: Tensor, second: Tensor) -> tuple[Tensor, Tensor]:
    """How much of each detail layer the principal component takes, each (B, 1, 1, 1), summing to one.

    The published codes divide the eigenvector by its sum, which explodes where the two layers are anticorrelated;
    magnitudes are used here, which is the same wherever they are not.
    """
    pair = torch.stack((first.flatten(1), second.flatten(1)), dim=1).double()
    centred = pair - pair.mean(dim=2, keepdim=True)
    covariance = centred @ centred.transpose(1, 2) / max(pair.shape[2] - 1, 1)
    _, vectors = torch.linalg.eigh(covariance)
    weights = vectors[:, :, -1].abs()
    weights = (weights / weights.sum(dim=1, keepdim=True)).to(first.dtype)
    return weights[:, 0].view(-1, 1, 1, 1), weights[:, 1].view(-1, 1, 1, 1)
