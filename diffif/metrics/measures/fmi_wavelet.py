"""FMI wavelet: feature mutual information of one level of the discrete Meyer wavelet, its four bands side by side."""

from __future__ import annotations

import torch
from torch import Tensor

from diffif.metrics.derived.feature_information import FeatureRules, feature_metric
from diffif.metrics.derived.features import wavelet_transform
from diffif.metrics.derived.planes import Plane


def feature(plane: Plane, scale: float) -> Tensor:
    """(B, h, w): the wavelet bands."""
    return wavelet_transform(plane.levels.to(torch.float64) * scale)


METRIC = feature_metric(
    feature,
    name="fmi_wavelet",
    label="FMI wavelet",
    summary="feature mutual information of Meyer wavelet coefficients",
    rules={"standard": FeatureRules(), "tang": FeatureRules(), "tang-uint8": FeatureRules(scale=1 / 255)},
)
