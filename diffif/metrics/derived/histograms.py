"""Grey-level histograms, single and joint, and the entropies made of them."""

from __future__ import annotations

import torch
from torch import Tensor

from diffif.metrics.derived.planes import NUM_LEVELS, Plane


def level_index(plane: Plane) -> Tensor:
    """(B, H * W), int64 in 0..255."""
    return plane.levels.flatten(1).to(torch.int64)


def histogram(plane: Plane) -> Tensor:
    """(B, 256), float64: share of the pixels at each level."""
    return _count(plane.derive(level_index), NUM_LEVELS)


def joint_histogram(first: Plane, second: Plane) -> Tensor:
    """(B, 256, 256), float64: share of the pixels at each pair of levels, rows for the first plane."""
    index = first.derive(level_index) * NUM_LEVELS + second.derive(level_index)
    return _count(index, NUM_LEVELS * NUM_LEVELS).reshape(-1, NUM_LEVELS, NUM_LEVELS)


def _count(index: Tensor, num_bins: int) -> Tensor:
    batch, num_pixels = index.shape
    shifted = index if batch == 1 else index + num_bins * torch.arange(batch, device=index.device).unsqueeze(1)
    counts = torch.bincount(shifted.flatten(), minlength=batch * num_bins)
    return counts.reshape(batch, num_bins).to(torch.float64) / num_pixels


def entropy(shares: Tensor) -> Tensor:
    """(B, ...) shares that sum to 1, to (B,): their entropy in nats; 0 log 0 is 0."""
    terms: Tensor = torch.special.entr(shares)
    return terms.flatten(1).sum(dim=1)


def mutual_information(joint: Tensor) -> Tensor:
    """(B, 256, 256) joint shares to (B,): mutual information in nats."""
    return entropy(joint.sum(dim=1)) + entropy(joint.sum(dim=2)) - entropy(joint)


def relative_entropy(shares: Tensor, other: Tensor) -> Tensor:
    """(B, 256) each, to (B,): relative entropy in nats, over the levels that occur in both."""
    both = (shares > 0) & (other > 0)
    return torch.where(both, shares * (shares / other).log(), 0.0).sum(dim=1)
