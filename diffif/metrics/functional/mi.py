"""MI: information that the fused image shares with its sources."""

from __future__ import annotations

import math

import torch
from torch import Tensor

from diffif.metrics.evaluation import evaluate_one
from diffif.metrics.histograms import entropy, histogram, joint_histogram, mutual_information
from diffif.metrics.planes import Plane, Triple, stretched
from diffif.metrics.rules import MutualInformationRules


def measure_mi(triple: Triple, rules: MutualInformationRules) -> Tensor:
    """(B,): the fused image's mutual information with each source, summed."""
    shared = [_shared(triple, source, rules) for source in triple.sources]
    return (shared[0] + shared[1]) / math.log(rules.log_base)


def _shared(triple: Triple, source: Plane, rules: MutualInformationRules) -> Tensor:
    """(B,): mutual information of the fused image and one source, in nats."""
    fused = triple.fused
    if rules.stretch:
        fused, source = fused.derive(_stretched_or_black), source.derive(_stretched_or_black)
    joint = triple.between(joint_histogram, fused, source)
    if not rules.saturate:
        return mutual_information(joint)
    # Only the joint histogram saturates in the published code; the entropies of the images use all 256 levels.
    return entropy(fused.derive(histogram)) + entropy(source.derive(histogram)) - entropy(_merge_brightest(joint))


def _stretched_or_black(plane: Plane) -> Plane:
    """`stretched`, but a constant plane becomes black, as in VIFB's toolkit."""
    return Plane(plane.derive(stretched).levels.nan_to_num(nan=0.0))


def _merge_brightest(joint: Tensor) -> Tensor:
    """Put levels 254 and 255 into one bin along both axes."""
    joint = torch.cat((joint[:, :-2], joint[:, -2:].sum(dim=1, keepdim=True)), dim=1)
    return torch.cat((joint[:, :, :-2], joint[:, :, -2:].sum(dim=2, keepdim=True)), dim=2)


def mi(fused: Tensor, visible: Tensor, infrared: Tensor, *, convention: str = "standard") -> Tensor:
    """Mutual information with both sources, summed; higher is better.

    Args:
        fused: Y of the fused image, (B, 1, H, W), float in [0, 1].
        visible: Y of the visible source, same shape and range.
        infrared: The infrared source, same shape and range.
        convention: Which published definition to follow (nats or bits); see `conventions.py`.

    Returns:
        (B,), 0 or more, in nats under `standard`; never nan there.

    Raises:
        ImageError: shapes differ, or a value lies outside [0, 1].

    Source: Qu, Zhang and Yan, Electronics Letters 38(7), 2002.
    """
    return evaluate_one("mi", fused, visible, infrared, convention=convention)
