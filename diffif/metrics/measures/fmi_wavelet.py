"""FMI wavelet: feature mutual information of one level of the discrete Meyer wavelet, its four bands side by side."""

from __future__ import annotations

import torch
from torch import Tensor

from diffif.metrics.derived.feature_information import FeatureRules, feature_information
from diffif.metrics.derived.features import wavelet_transform
from diffif.metrics.derived.planes import Triple
from diffif.metrics.metric import Metric


def measure(triple: Triple, rules: FeatureRules) -> Tensor:
    """(B,): FMI of the wavelet bands."""
    return feature_information(triple, lambda plane: wavelet_transform(plane.levels.to(torch.float64) * rules.scale))


METRIC = Metric(
    name="fmi_wavelet",
    label="FMI wavelet",
    summary="feature mutual information of Meyer wavelet coefficients",
    higher_is_better=True,
    value_range=(0.0, 1.0),
    citation="Haghighat and Razian, IEEE Conf. Application of Information and Communication Technologies, 2014",
    smallest_side=3,
    rules={
        "standard": FeatureRules(),
        "tang": FeatureRules(),
        "tang-uint8": FeatureRules(scale=1 / 255),
    },
    measure=measure,
)
