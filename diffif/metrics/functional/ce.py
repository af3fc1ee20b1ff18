"""CE: how far the fused image's grey levels are distributed otherwise than its sources'."""

from __future__ import annotations

import math

import torch
from torch import Tensor

from diffif.metrics.evaluation import evaluate_one
from diffif.metrics.histograms import histogram, relative_entropy
from diffif.metrics.planes import Triple, mean_over_pixels
from diffif.metrics.rules import CrossEntropyRules

SIGMOID_MARGIN = 1e-7
"""How far the survey's code keeps its sigmoids from 0 and 1."""


def measure_ce(triple: Triple, rules: CrossEntropyRules) -> Tensor:
    """(B,): relative entropy of each source's levels against the fused ones, averaged; or the sigmoid form."""
    if rules.form == "sigmoid":
        return _sigmoid_cross_entropy(triple)
    own = triple.fused.derive(histogram)
    distances = [relative_entropy(source.derive(histogram), own) for source in triple.sources]
    return (distances[0] + distances[1]) / (2 * math.log(2))


def _sigmoid_cross_entropy(triple: Triple) -> Tensor:
    """Binary cross-entropy of sigmoids of the raw levels: as good as constant, but it is what the survey prints.

    In float32 like the survey's code: the margin below 1 is then one rounding step, and shows in the result.
    """
    visible, infrared = (torch.sigmoid(source.levels) for source in triple.sources)
    target = ((infrared + visible) / 2).clamp(SIGMOID_MARGIN, 1 - SIGMOID_MARGIN)
    predicted = torch.sigmoid(triple.fused.levels).clamp(SIGMOID_MARGIN, 1 - SIGMOID_MARGIN)
    target = target.expand_as(predicted)
    return mean_over_pixels(torch.nn.functional.binary_cross_entropy(predicted, target, reduction="none"))


def ce(fused: Tensor, visible: Tensor, infrared: Tensor, *, convention: str = "standard") -> Tensor:
    """Cross entropy between the sources and the fused image, averaged; lower is better.

    Args:
        fused: Y of the fused image, (B, 1, H, W), float in [0, 1].
        visible: Y of the visible source, same shape and range.
        infrared: The infrared source, same shape and range.
        convention: Which published definition to follow; see `conventions.py`.

    Returns:
        (B,), in bits under `standard`; never nan. Levels that only one image has are left out, as published, so that
        it can fall below 0.

    Raises:
        ImageError: shapes differ, or a value lies outside [0, 1].

    Source: Bulanon, Burks and Alchanatis, Biosystems Engineering 103(1), 2009.
    """
    return evaluate_one("ce", fused, visible, infrared, convention=convention)
