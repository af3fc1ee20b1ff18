"""FMI pixel: feature mutual information of the grey levels themselves."""

from __future__ import annotations

import torch
from torch import Tensor

from diffif.metrics.derived.feature_information import FeatureRules, feature_metric
from diffif.metrics.derived.planes import Plane


def feature(plane: Plane, scale: float) -> Tensor:
    """(B, h, w): the grey levels."""
    return plane.levels.to(torch.float64) * scale


METRIC = feature_metric(
    feature,
    name="fmi_pixel",
    label="FMI pixel",
    summary="feature mutual information of grey levels",
    rules={"standard": FeatureRules()},
)
