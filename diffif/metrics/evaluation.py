"""Score fused images against their sources, with whatever the metrics share computed once."""

from __future__ import annotations

import sys
import warnings
from collections.abc import Sequence

import torch
from torch import Tensor

from diffif.metrics.conventions import Convention, get_convention
from diffif.metrics.derived.planes import MAX_LEVEL, Plane, Triple, grey_of, to_levels
from diffif.metrics.inputs import check_images
from diffif.metrics.metric import Metric, Rules
from diffif.metrics.registry import DEFAULT_METRICS, choose_metrics
from suite.errors import SettingsError

PIXELS_AT_ONCE_ON_GPU = 2**24
"""A batch is measured in parts of this many pixels on a GPU; on a CPU, whose caches are small, image by image."""


if sys.platform == "linux":
    # glibc hands freed memory back to the system by a rule that follows the largest block freed so far. One block of
    # the greatest size that counts, never touched, makes it keep 64 MiB: each image finds the memory of the last one.
    torch.empty(2**25 - 2**13, dtype=torch.uint8)


class UndefinedMetric(UserWarning):
    """A metric is nan for every image of a call, because the images are smaller than its definition needs."""


def evaluate(
    fused: Tensor,
    visible: Tensor,
    infrared: Tensor,
    *,
    metrics: Sequence[str | Metric] = DEFAULT_METRICS,
    convention: str = "standard",
) -> dict[str, Tensor]:
    """Score every fused image of a batch against its sources.

    Args:
        fused: The fused images, (B, C, H, W), float in [0, 1]; C is 1 for grey (or luma) and 3 for RGB. Colour is made
            grey as the convention does it, or measured channel by channel where it says so (`vifb`).
        visible: The visible sources, likewise; or one image for all, (1, C, H, W).
        infrared: The infrared sources, likewise.
        metrics: Names from `METRICS`, `package.module:METRIC`, or `Metric` objects of your own; ("all",) for all.
        convention: Which published definitions to follow; see docs/metrics.md.

    Returns:
        Metric name -> (B,), float64, on the images' device. nan where a metric is undefined: 0/0, or images smaller
        than its definition needs, of which an `UndefinedMetric` warning tells.

    Raises:
        ImageError: shapes differ, or a value lies outside [0, 1].
        SettingsError: the convention does not define one of the metrics.
        UnknownName: no such metric or convention.

    >>> import torch
    >>> image = torch.linspace(0, 1, 64 * 64).reshape(1, 1, 64, 64)
    >>> scores = evaluate(image, image, image, metrics=("ssim", "cc"))
    >>> {name: round(value.item(), 3) for name, value in scores.items()}
    {'ssim': 2.0, 'cc': 1.0}
    """
    chosen = _choose(fused, visible, infrared, metrics, get_convention(convention))
    batch = fused.shape[0]
    if batch == 1 or min(visible.shape[0], infrared.shape[0]) != batch:
        return Sources(visible, infrared, convention=convention)._score_chosen(fused, chosen)
    parts = []
    step = _images_at_once(fused)
    for start in range(0, batch, step):
        part = slice(start, start + step)
        sources = Sources(visible[part], infrared[part], convention=convention)
        parts.append(sources._score_chosen(fused[part], chosen))
    return {metric.name: torch.cat([part[metric.name] for part in parts]) for metric in chosen}


class Sources:
    """The two sources of one pair (or of a batch of pairs), against which any number of fused images can be scored.

    Edges, histograms and pyramids of the sources are computed once and kept, so that the second candidate costs less
    than the first.

    Args:
        visible: The visible sources, (B, C, H, W), float in [0, 1], C 1 or 3.
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

    def score(self, fused: Tensor, *, metrics: Sequence[str | Metric] = DEFAULT_METRICS) -> dict[str, Tensor]:
        """Score fused images against these sources.

        Args:
            fused: (B, C, H, W), or (N, C, H, W) for N candidates when the sources hold one pair.
            metrics: As `evaluate` takes them.

        Returns:
            Metric name -> (B,) or (N,), float64; nan where undefined.

        Raises:
            ImageError: shapes differ, or a value lies outside [0, 1].
            SettingsError: the convention does not define one of the metrics.
            UnknownName: no such metric.
        """
        return self._score_chosen(fused, _choose(fused, self.visible, self.infrared, metrics, self.convention))

    @torch.no_grad()
    def _score_chosen(self, fused: Tensor, metrics: Sequence[Metric]) -> dict[str, Tensor]:
        rules = {metric.name: metric.rules_under(self.convention) for metric in metrics}
        batch = fused.shape[0]
        step = _images_at_once(fused)
        scores: dict[str, list[Tensor]] = {metric.name: [] for metric in metrics}
        for start in range(0, batch, step):
            part = slice(start, min(start + step, batch))
            grey = self._channels(fused[part], part)
            colour = [self._colour(fused[part], part)] if any(metric.sees == "colour" for metric in metrics) else []
            for metric in metrics:
                seen = grey if metric.sees == "grey" else colour
                scores[metric.name].append(self._measure(metric, rules[metric.name], seen))
        return {name: torch.cat(parts) for name, parts in scores.items()}

    def _measure(self, metric: Metric, rules: Rules, channels: Sequence[Triple]) -> Tensor:
        levels = channels[0].fused.levels
        if min(levels.shape[-2:]) < metric.smallest_side_under(self.convention):
            return torch.full((levels.shape[0],), torch.nan, dtype=torch.float64, device=levels.device)
        values = [metric.measure(triple, rules).to(torch.float64) for triple in rules.view(channels)]
        return torch.stack(values).mean(dim=0)

    def _channels(self, fused: Tensor, part: slice) -> list[Triple]:
        """One triple of grey images, or one for each channel of the fused images."""
        if self.convention.channels == "luma":
            fused = self._grey(fused)
        elif self.convention.grey_against_colour == "repeated":
            fused = fused.expand(-1, max(image.shape[1] for image in (fused, self.visible, self.infrared)), -1, -1)
        num_channels = fused.shape[1]
        return [
            Triple(
                Plane(to_levels(fused[:, channel : channel + 1])),
                self._plane("visible", part, channel, num_channels),
                self._plane("infrared", part, channel, num_channels),
            )
            for channel in range(num_channels)
        ]

    def _colour(self, fused: Tensor, part: slice) -> Triple:
        """The images with all their channels."""
        visible, infrared = (image[part] if image.shape[0] > 1 else image for image in (self.visible, self.infrared))
        return Triple(
            *(Plane(torch.round(image.to(torch.float32) * MAX_LEVEL)) for image in (fused, visible, infrared))
        )

    def _plane(self, which: str, part: slice, channel: int, num_channels: int) -> Plane:
        image = self.visible if which == "visible" else self.infrared
        if image.shape[0] == 1:
            part = slice(0, 1)
        channel = min(channel, image.shape[1] - 1)
        colour_against_grey = num_channels == 1 and image.shape[1] == 3
        key = (which, part.start, part.stop, -1 if colour_against_grey else channel)
        if key not in self._planes:
            chosen = self._grey(image[part]) if colour_against_grey else image[part, channel : channel + 1]
            self._planes[key] = Plane(to_levels(chosen))
        return self._planes[key]

    def _grey(self, image: Tensor) -> Tensor:
        """(B, 1, H, W): the grey image by the convention's own formula."""
        if image.shape[1] == 1:
            return image
        if self.convention.matlab_grey:
            return grey_of(image)
        from datasets.images import rgb_to_y

        return rgb_to_y(image)


def _choose(
    fused: Tensor, visible: Tensor, infrared: Tensor, metrics: Sequence[str | Metric], convention: Convention
) -> tuple[Metric, ...]:
    """The metrics asked for, once the images have been checked; warns of those that the images are too small for."""
    if not metrics:
        raise SettingsError("no metric was asked for; name at least one.")
    chosen = choose_metrics(metrics, convention.name)
    check_images(fused, visible, infrared)
    height, width = fused.shape[-2:]
    needed = {metric.label: metric.smallest_side_under(convention) for metric in chosen}
    too_large = [f"{label} ({side}x{side})" for label, side in needed.items() if min(height, width) < side]
    if too_large:
        warnings.warn(
            f"the images are {height}x{width} (HxW), too small for {', '.join(too_large)}: undefined (nan). "
            "Leave these metrics out, or pass larger images.",
            UndefinedMetric,
            stacklevel=3,
        )
    return chosen


def _images_at_once(fused: Tensor) -> int:
    if fused.device.type == "cpu":
        return 1
    return max(1, PIXELS_AT_ONCE_ON_GPU // max(1, fused.shape[-1] * fused.shape[-2]))
