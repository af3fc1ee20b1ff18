"""FMI gradient: feature mutual information of the horizontal gradient."""

from __future__ import annotations

import torch
from torch import Tensor

from diffif.metrics.derived.edges import differences
from diffif.metrics.derived.feature_information import FeatureRules, feature_metric
from diffif.metrics.derived.planes import Plane


def feature(plane: Plane, scale: float) -> Tensor:
    """(B, h, w): the horizontal gradient."""
    return plane.derive(differences)[0].to(torch.float64) * scale


METRIC = feature_metric(
    feature,
    name="fmi_gradient",
    label="FMI gradient",
    summary="feature mutual information of horizontal gradients",
    rules={"standard": FeatureRules()},
)
