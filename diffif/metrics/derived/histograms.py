"""Grey-level histograms, single and joint, and the entropies made of them."""

from __future__ import annotations

import torch
from torch import Tensor

from diffif.metrics.derived.planes import NUM_LEVELS, Plane


def histogram(plane: Plane) -> Tensor:
    """(B, 256), float64: share of the pixels at each level."""
    return _count(plane.levels, NUM_LEVELS)


def joint_histogram(first: Plane, second: Plane) -> Tensor:
    """(B, 256, 256), float64: share of the pixels at each pair of levels, rows for the first plane."""
    index = (first.levels * NUM_LEVELS).add(second.levels)
    return _count(index, NUM_LEVELS * NUM_LEVELS).reshape(-1, NUM_LEVELS, NUM_LEVELS)


def _count(index: Tensor, num_bins: int) -> Tensor:
    """(B, H, W), whole numbers from 0 on, to (B, bins), float64: share of the pixels with each number."""
    batch, num_pixels = index.shape[0], index.shape[-2] * index.shape[-1]
    index = index.to(torch.int32)
    if batch > 1:
        index = index + num_bins * torch.arange(batch, dtype=torch.int32, device=index.device)[:, None, None]
    counts = torch.bincount(index.flatten(), minlength=batch * num_bins)
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
