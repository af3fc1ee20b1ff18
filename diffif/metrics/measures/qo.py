"""Qo (also Qs) of Piella and Heijmans: local quality of the fused image, each window counting the same."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

import torch
from torch import Tensor

from diffif.metrics.derived.planes import Triple, mean_over_pixels
from diffif.metrics.derived.quality_index import local_quality
from diffif.metrics.derived.structure import gaussian_statistics, ssim_terms
from diffif.metrics.metric import Metric, Rules

DATA_RANGE = 255.0


@dataclass(frozen=True, kw_only=True)
class LocalQualityRules(Rules):
    """What toolkits do otherwise in Qo."""

    index: Literal["uniform-8", "gaussian-11"] = "uniform-8"
    """Wang and Bovik's quality index in 8x8 windows; or SSIM with its constants under an 11x11 Gaussian."""

    @property
    def smallest_side(self) -> int:
        """One whole window."""
        return 8 if self.index == "uniform-8" else 11


def measure(triple: Triple, rules: LocalQualityRules) -> Tensor:
    """(B,): quality against both sources, weighted in each window by their variances."""
    if rules.index == "gaussian-11":
        return _structural(triple)
    quality, _ = local_quality(*(plane.levels for plane in triple.planes))
    return quality.mean(dim=(-2, -1))


def _structural(triple: Triple) -> Tensor:
    maps, variances = [], []
    for source in triple.sources:
        statistics = gaussian_statistics(triple.fused.levels, source.levels, "valid")
        luminance, contrast = ssim_terms(statistics, DATA_RANGE)
        maps.append(luminance * contrast)
        variances.append(statistics.variance_b.clamp(min=0))
    total = variances[0] + variances[1]
    share = torch.where(total > 0, variances[0] / total, 0.5)
    return mean_over_pixels(share * maps[0] + (1 - share) * maps[1])


METRIC = Metric(
    name="qo",
    label="Qo",
    summary="fusion quality index",
    higher_is_better=True,
    value_range=(-1.0, 1.0),
    citation="Piella and Heijmans, IEEE Int. Conf. Image Processing, 2003",
    rules={"standard": LocalQualityRules(), "liu2012": LocalQualityRules(index="gaussian-11")},
    measure=measure,
)
