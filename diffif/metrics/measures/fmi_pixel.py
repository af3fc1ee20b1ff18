"""FMI pixel: feature mutual information of the grey levels themselves."""

from __future__ import annotations

import torch
from torch import Tensor

from diffif.metrics.derived.feature_information import FeatureRules, feature_information
from diffif.metrics.derived.planes import Triple
from diffif.metrics.metric import Metric


def measure(triple: Triple, rules: FeatureRules) -> Tensor:
    """(B,): FMI of the grey levels."""
    return feature_information(triple, lambda plane: plane.levels.to(torch.float64) * rules.scale)


METRIC = Metric(
    name="fmi_pixel",
    label="FMI pixel",
    summary="feature mutual information of grey levels",
    higher_is_better=True,
    value_range=(0.0, 1.0),
    citation="Haghighat and Razian, IEEE Conf. Application of Information and Communication Technologies, 2014",
    smallest_side=3,
    rules={
        "standard": FeatureRules(),
    },
    measure=measure,
)
