"""Feature mutual information: what local features of the fused image tell about its sources', in 3x3 windows.

The four metrics of this kind differ in the feature alone. Source: Haghighat and Razian, IEEE Conf. Application of
Information and Communication Technologies, 2014.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from functools import partial

import torch
import torch.nn.functional as F
from torch import Tensor

from diffif.metrics.derived.planes import Plane, Triple
from diffif.metrics.metric import Metric, Rules

WINDOW_SIZE = 3
NUM_PIXELS = WINDOW_SIZE * WINDOW_SIZE
WINDOWS_AT_ONCE = 2**16


@dataclass(frozen=True, kw_only=True)
class FeatureRules(Rules):
    """What toolkits do otherwise in FMI."""

    scale: float = 1.0
    """Factor on the grey levels before features are extracted."""


def feature_metric(
    feature: Callable[[Plane, float], Tensor], *, name: str, label: str, summary: str, rules: Mapping[str, FeatureRules]
) -> Metric:
    """The metric of one feature; everything but its name is the same for all.

    Args:
        feature: From one image and the factor on its grey levels to the feature, (B, h, w), float64.
        name: Key in results.
        label: As the field prints it.
        summary: What it measures, in a few words.
        rules: Convention -> choices.
    """
    return Metric(
        name=name,
        label=label,
        summary=summary,
        higher_is_better=True,
        value_range=(0.0, 1.0),
        citation="Haghighat and Razian, IEEE Conf. Application of Information and Communication Technologies, 2014",
        smallest_side=WINDOW_SIZE,
        rules=rules,
        measure=partial(_measure, feature),
    )


def _measure(feature: Callable[[Plane, float], Tensor], triple: Triple, rules: FeatureRules) -> Tensor:
    return feature_information(triple, lambda plane: feature(plane, rules.scale))


def feature_information(triple: Triple, feature: Callable[[Plane], Tensor]) -> Tensor:
    """(B,): normalised information that each window of the fused feature shares with the sources', on average.

    Args:
        triple: The images.
        feature: Gives the feature of one image, (B, h, w), float64.
    """
    fused, visible, infrared = (feature(plane) for plane in triple.planes)
    windows = [_windows(feature) for feature in (fused, visible, infrared)]
    batch = windows[0].shape[0]
    totals = torch.zeros(batch, dtype=torch.float64, device=fused.device)
    for start in range(0, windows[0].shape[1], WINDOWS_AT_ONCE):
        own, *others = (part[:, start : start + WINDOWS_AT_ONCE] for part in windows)
        for other in others:
            totals += _window_information(other.expand_as(own), own).sum(dim=1)
    return totals / (2 * windows[0].shape[1])


def _windows(feature: Tensor) -> Tensor:
    """(B, P, 9): the pixels of each window, column after column."""
    columns_first = feature.mT.unsqueeze(1)
    return F.unfold(columns_first, WINDOW_SIZE).mT


def _window_information(a: Tensor, f: Tensor) -> Tensor:
    """(B, P): normalised mutual information of two windows, each taken for a distribution over its nine places."""
    shares_a, shares_f = _shares(a), _shares(f)
    correlation = _correlation(shares_a, shares_f)
    steps_a, steps_f = shares_a.cumsum(dim=-1).unsqueeze(-2), shares_f.cumsum(dim=-1).unsqueeze(-1)
    # Nelsen's family: between independence and the Frechet bound that has the sign of the correlation.
    bound = torch.where(
        (correlation >= 0)[..., None, None], torch.minimum(steps_a, steps_f), (steps_a + steps_f - 1).clamp(min=0)
    )
    independent = steps_a * steps_f
    spread = _place_deviation(shares_a) * _place_deviation(shares_f)
    reach = (bound - independent).sum(dim=(-2, -1)) / spread
    mixing = torch.where((correlation != 0) & (spread > 0), correlation / reach, 0.0)[..., None, None]
    joint = mixing * _density(bound) + (1 - mixing) * shares_f.unsqueeze(-1) * shares_a.unsqueeze(-2)
    entropies = torch.special.entr(shares_a).sum(dim=-1) + torch.special.entr(shares_f).sum(dim=-1)
    # A mixture beyond the bound can be negative; the published code then takes the real part of its logarithm.
    joint_entropy = -(joint * torch.where(joint == 0, 1.0, joint).abs().log()).sum(dim=(-2, -1))
    information = 2 * (entropies - joint_entropy) / entropies
    return torch.where((a == f).all(dim=-1), 1.0, information)


def _shares(window: Tensor) -> Tensor:
    """Each window stretched to [0, 1] (all ones where it is constant) and divided by its sum."""
    low, high = window.amin(dim=-1, keepdim=True), window.amax(dim=-1, keepdim=True)
    stretched = torch.where(high > low, (window - low) / (high - low), 1.0)
    return stretched / stretched.sum(dim=-1, keepdim=True)


def _correlation(a: Tensor, b: Tensor) -> Tensor:
    """Pearson correlation of shares; 0 where either window is constant."""
    a, b = a - 1 / NUM_PIXELS, b - 1 / NUM_PIXELS
    squares = a.square().sum(dim=-1) * b.square().sum(dim=-1)
    return torch.where(squares > torch.finfo(a.dtype).eps ** 2, (a * b).sum(dim=-1) / squares.sqrt(), 0.0)


def _place_deviation(shares: Tensor) -> Tensor:
    """Standard deviation of the place 1..9 under the shares."""
    places = torch.arange(1, NUM_PIXELS + 1, dtype=shares.dtype, device=shares.device)
    mean = (shares * places).sum(dim=-1)
    return ((shares * places.square()).sum(dim=-1) - mean.square()).clamp(min=0).sqrt()


def _density(distribution: Tensor) -> Tensor:
    """Mixed second difference of a distribution function on the 9x9 grid."""
    padded = F.pad(distribution, (1, 0, 1, 0))
    return padded.diff(dim=-1).diff(dim=-2)
