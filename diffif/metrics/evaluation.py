"""The front door: score fused images against their sources, with whatever the metrics share computed once."""

from __future__ import annotations

from collections.abc import Sequence

import torch
from torch import Tensor

from diffif.metrics.conventions import Convention, get_convention
from diffif.metrics.inputs import check_images
from diffif.metrics.planes import Plane, Triple, grey_of, to_levels
from diffif.metrics.registry import get_metric
from suite.errors import SettingsError

DEFAULT_METRICS = ("en", "sd", "sf", "ag", "mi", "scd", "vif", "qabf", "ssim", "cc")
"""The metrics of the field's usual table, in its order; defined by every convention that `evaluate` takes."""

PIXELS_AT_ONCE_ON_GPU = 2**24
"""A batch is measured in parts of this many pixels on a GPU; on a CPU, whose caches are small, image by image."""

CHANNELS = {"luma": (1,), "separate": (1, 3)}


def evaluate(
    fused: Tensor,
    visible: Tensor,
    infrared: Tensor,
    *,
    metrics: Sequence[str] = DEFAULT_METRICS,
    convention: str = "standard",
) -> dict[str, Tensor]:
    """Score every fused image of a batch against its sources.

    Args:
        fused: Y of the fused images, (B, 1, H, W), float in [0, 1]. A convention that takes colour channels
            separately (`vifb`) also accepts (B, 3, H, W).
        visible: Y of the visible sources, (B, 1, H, W), likewise; or one image for all, (1, 1, H, W).
        infrared: The infrared sources, likewise.
        metrics: Names from `METRICS`.
        convention: Which published definitions to follow; see `conventions.py`.

    Returns:
        Metric name -> (B,), float64, on the images' device. nan where a metric is undefined (0/0).

    Raises:
        ImageError: shapes differ, an image is too small for one of the metrics, or a value lies outside [0, 1].
        SettingsError: the convention does not define one of the metrics.
        UnknownName: no such metric or convention.
    """
    batch = fused.shape[0] if fused.ndim else 0
    if batch <= 1 or min(visible.shape[0], infrared.shape[0]) != batch:
        return Sources(visible, infrared, convention=convention).score(fused, metrics=metrics)
    _check(fused, visible, infrared, metrics, get_convention(convention))
    parts = []
    step = _images_at_once(fused)
    for start in range(0, batch, step):
        part = slice(start, start + step)
        sources = Sources(visible[part], infrared[part], convention=convention)
        parts.append(sources._score_checked(fused[part], metrics))
    return {name: torch.cat([part[name] for part in parts]) for name in metrics}


def evaluate_one(name: str, fused: Tensor, visible: Tensor, infrared: Tensor, *, convention: str) -> Tensor:
    """One metric of every image of a batch: what each function in `functional/` calls."""
    return evaluate(fused, visible, infrared, metrics=(name,), convention=convention)[name]


class Sources:
    """The two sources of one pair (or of a batch of pairs), against which any number of fused images can be scored.

    Edges, histograms and pyramids of the sources are computed once and kept, so that the second candidate costs less
    than the first.

    Args:
        visible: Y of the visible sources, (B, 1, H, W), float in [0, 1].
        infrared: The infrared sources, likewise.
        convention: Which published definitions to follow.

    Raises:
        UnknownName: no such convention.
    """

    def __init__(self, visible: Tensor, infrared: Tensor, *, convention: str = "standard") -> None:
        self.visible = visible
        self.infrared = infrared
        self.convention = get_convention(convention)
        self._planes: dict[tuple[str, int, int, int], Plane] = {}

    def score(self, fused: Tensor, *, metrics: Sequence[str] = DEFAULT_METRICS) -> dict[str, Tensor]:
        """Score fused images against these sources.

        Args:
            fused: (B, 1, H, W), or (N, 1, H, W) for N candidates when the sources hold one pair.
            metrics: Names from `METRICS`.

        Returns:
            Metric name -> (B,) or (N,), float64; nan where undefined.

        Raises:
            ImageError: shapes differ, an image is too small for one of the metrics, or a value lies outside [0, 1].
            SettingsError: the convention does not define one of the metrics.
            UnknownName: no such metric.
        """
        _check(fused, self.visible, self.infrared, metrics, self.convention)
        return self._score_checked(fused, metrics)

    @torch.no_grad()
    def _score_checked(self, fused: Tensor, metrics: Sequence[str]) -> dict[str, Tensor]:
        measures = [(name, get_metric(name).measure, self.convention.rules(name)) for name in metrics]
        batch, num_channels = fused.shape[:2]
        step = _images_at_once(fused)
        scores: dict[str, list[Tensor]] = {name: [] for name in metrics}
        for start in range(0, batch, step):
            part = slice(start, min(start + step, batch))
            triples = [
                Triple(
                    Plane(to_levels(fused[part, channel : channel + 1])),
                    self._plane("visible", part, channel, num_channels),
                    self._plane("infrared", part, channel, num_channels),
                )
                for channel in range(num_channels)
            ]
            for name, measure, rules in measures:
                seen = [_join(triples)] if getattr(rules, "join_channels", False) else triples
                values = [measure(triple, rules).to(torch.float64) for triple in seen]
                scores[name].append(torch.stack(values).mean(dim=0))
        return {name: torch.cat(parts) for name, parts in scores.items()}

    def _plane(self, which: str, part: slice, channel: int, num_channels: int) -> Plane:
        image = self.visible if which == "visible" else self.infrared
        if image.shape[0] == 1:
            part = slice(0, 1)
        channel = min(channel, image.shape[1] - 1)
        colour_against_grey = num_channels == 1 and image.shape[1] == 3
        key = (which, part.start, part.stop, -1 if colour_against_grey else channel)
        if key not in self._planes:
            chosen = grey_of(image[part]) if colour_against_grey else image[part, channel : channel + 1]
            self._planes[key] = Plane(to_levels(chosen))
        return self._planes[key]


def _check(fused: Tensor, visible: Tensor, infrared: Tensor, metrics: Sequence[str], convention: Convention) -> None:
    if not metrics:
        raise SettingsError("no metric was asked for; name at least one.")
    smallest = max(max(get_metric(name).smallest_side, convention.rules(name).smallest_side) for name in metrics)
    check_images(fused, visible, infrared, channels=CHANNELS[convention.channels], smallest=smallest)


def _join(triples: Sequence[Triple]) -> Triple:
    """The channels side by side; only for metrics that look at the fused image alone."""
    if len(triples) == 1:
        return triples[0]
    wide = Plane(torch.cat([triple.fused.levels for triple in triples], dim=-1))
    return Triple(wide, wide, wide)


def _images_at_once(fused: Tensor) -> int:
    if fused.device.type == "cpu":
        return 1
    return max(1, PIXELS_AT_ONCE_ON_GPU // max(1, fused.shape[-1] * fused.shape[-2]))
