"""What targeted search maximises: a weighted sum of fusion metrics, of functions of the user's own, or of both.

The default is 2 SSIM + 1 VIF + 3 Qabf in the `standard` convention (Yi et al., Diff-IF, Information Fusion 2024,
section 3.2). All terms are measured on luma.
"""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

import torch
from torch import Tensor

from diffif.metrics import METRICS, Sources, get_convention, get_metric
from diffif.prior.custom_score import EXAMPLE, apply_score, code_mark, is_custom, load_score
from suite.errors import ImageError, SettingsError, UnknownName
from suite.settings import convert_value

DEFAULT_WEIGHTS = {"ssim": 2.0, "vif": 1.0, "qabf": 3.0}
"""Yi et al., section 3.2."""


@dataclass(frozen=True, kw_only=True)
class SearchSettings:
    """What the search maximises.

    Raises:
        SettingsError: no term, a weight against the direction of its metric, or a metric that the convention lacks.
        UnknownName: no such metric or convention.
    """

    weights: dict[str, float] = field(default_factory=lambda: dict(DEFAULT_WEIGHTS), hash=False)
    """Metric, or package.module:function, to weight; weights of 0 are dropped."""
    convention: str = "standard"
    """Definition of the metrics; see docs/metrics.md."""

    def __post_init__(self) -> None:
        kept = {name: float(weight) for name, weight in self.weights.items() if weight != 0}
        object.__setattr__(self, "weights", kept)
        convention = get_convention(self.convention)
        if not kept:
            raise SettingsError(f"the search has nothing to maximise: weights must not be all 0, got {self.weights}")
        for name, weight in kept.items():
            if not math.isfinite(weight):
                raise SettingsError(f"search weight {name}={weight} must be a finite number")
            if is_custom(name):
                continue
            if name not in METRICS:
                raise UnknownName("metric of the search", name, known=METRICS, hint=f"Your own: {EXAMPLE}.")
            get_metric(name).rules_under(convention)
            _check_direction(name, weight)

    def keys(self) -> dict[str, str]:
        """Term to the name under which its values are kept; it changes with the convention, or with edited code."""
        return {
            name: f"{name}#{code_mark(name)}" if is_custom(name) else f"{self.convention}:{name}"
            for name in self.weights
        }


def _check_direction(name: str, weight: float) -> None:
    higher = get_metric(name).higher_is_better
    if higher is None:
        raise SettingsError(
            f"search weight {name}={weight:g}: {get_metric(name).label} is best {get_metric(name).better}, and the "
            "search maximises. Leave it out."
        )
    if (weight > 0) == higher:
        return
    better, sign = ("higher", "not be negative") if higher else ("lower", "be negative")
    raise SettingsError(
        f"search weight {name}={weight:g}: {get_metric(name).label} is better when {better} and the search maximises, "
        f"so its weight must {sign}: {name}={-weight:g}"
    )


def parse_weights(text: str) -> dict[str, float]:
    """The weights that a user wrote, `"ssim=2,vif=1,qabf=3"`.

    Raises:
        SettingsError: a part is not NAME=NUMBER, or a name comes twice.

    >>> parse_weights("ssim=2, qabf=3")
    {'ssim': 2.0, 'qabf': 3.0}
    """
    weights: dict[str, float] = {}
    for part in filter(None, (part.strip() for part in text.split(","))):
        name, equals, value = (piece.strip() for piece in part.partition("="))
        if not equals or not name:
            raise SettingsError(f"search weights: expected NAME=NUMBER, got {part!r}. Example: ssim=2,vif=1,qabf=3")
        if name in weights:
            raise SettingsError(f"search weights name {name} twice: {text}")
        weights[name] = convert_value(float, value, f"the weight of {name}")
    return weights


def change_goal(settings: SearchSettings, changes: Mapping[str, Any]) -> SearchSettings:
    """A goal with some weights or the convention replaced, `{"ssim": "1", "convention": "tang"}`.

    Raises:
        UnknownName: a key that is neither `convention` nor a metric.
        SettingsError: see `SearchSettings`.
    """
    weights, convention = dict(settings.weights), settings.convention
    for key, value in changes.items():
        name = key.removeprefix("weights.")
        if name == "convention":
            convention = str(value)
        elif name in METRICS or is_custom(name):
            weights[name] = convert_value(float, value, f"search.{key}")
        else:
            raise UnknownName("setting of the search", name, known=("convention", *METRICS))
    return SearchSettings(weights=weights, convention=convention)


def measure(
    settings: SearchSettings, fused: Tensor, visible: Tensor, infrared: Tensor, *, where: str
) -> dict[str, Tensor]:
    """Every term of the goal, unweighted, of the candidates of one pair.

    Args:
        settings: The terms.
        fused: Luma of the candidates, (N, 1, H, W), float32 in [0, 1].
        visible: Luma of the visible source, (1, 1, H, W).
        infrared: The infrared source, (1, 1, H, W).
        where: The pair's id, for error messages.

    Returns:
        Term -> (N,), float64; nan where undefined.

    Raises:
        SettingsError: a function of the user's own failed or returned another shape.
        ImageError: the images are too small for one of the metrics, so that no candidate could be chosen by it.
    """
    metrics = tuple(name for name in settings.weights if not is_custom(name))
    _check_size(settings, metrics, fused, where)
    values = Sources(visible, infrared, convention=settings.convention).score(fused, metrics=metrics) if metrics else {}
    for name in settings.weights:
        if is_custom(name):
            values[name] = apply_score(name, fused, visible, infrared, where=where)
    return values


def _check_size(settings: SearchSettings, metrics: Sequence[str], image: Tensor, where: str) -> None:
    height, width = image.shape[-2:]
    for name in metrics:
        side = get_metric(name).smallest_side_under(get_convention(settings.convention))
        if min(height, width) < side:
            raise ImageError(
                f"{where}: the images are {height}x{width} (HxW); {name} needs at least {side}x{side}. Leave it out of "
                "the weights, or leave the pair out."
            )


def weighted_sum(settings: SearchSettings, values: Mapping[str, float]) -> float:
    """The goal of one candidate; nan where a term is undefined or not finite.

    The sum is rounded once, so that the order in which the weights were written changes nothing.
    """
    terms = [weight * values[name] for name, weight in settings.weights.items()]
    return math.fsum(terms) if all(map(math.isfinite, terms)) else math.nan


def try_out(settings: SearchSettings, visible: Tensor, infrared: Tensor, *, where: str) -> None:
    """Score both sources of one pair as if they were fused images, so that a faulty goal is found before any work.

    Args:
        settings: The goal.
        visible: Luma of the visible source, (1, 1, H, W).
        infrared: The infrared source, (1, 1, H, W).
        where: The pair's id, for error messages.

    Raises:
        SettingsError: see `measure` and `custom_score.load_score`.
    """
    for name in settings.weights:
        if is_custom(name):
            load_score(name)
    measure(settings, torch.cat([visible, infrared]), visible, infrared, where=where)
