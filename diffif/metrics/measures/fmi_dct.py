"""FMI DCT: feature mutual information of the cosine transform of the whole image."""

from __future__ import annotations

import torch
from torch import Tensor

from diffif.metrics.derived.feature_information import FeatureRules, feature_metric
from diffif.metrics.derived.features import cosine_transform
from diffif.metrics.derived.planes import Plane


def feature(plane: Plane, scale: float) -> Tensor:
    """(B, h, w): the cosine transform."""
    return cosine_transform(plane.levels.to(torch.float64) * scale)


METRIC = feature_metric(
    feature,
    name="fmi_dct",
    label="FMI DCT",
    summary="feature mutual information of cosine transforms",
    rules={"standard": FeatureRules(), "tang": FeatureRules(), "tang-uint8": FeatureRules(scale=1 / 255)},
)
