"""FMI DCT: feature mutual information of the cosine transform of the whole image."""

from __future__ import annotations

import torch
from torch import Tensor

from diffif.metrics.derived.feature_information import FeatureRules, feature_information
from diffif.metrics.derived.features import cosine_transform
from diffif.metrics.derived.planes import Triple
from diffif.metrics.metric import Metric


def measure(triple: Triple, rules: FeatureRules) -> Tensor:
    """(B,): FMI of the cosine transform."""
    return feature_information(triple, lambda plane: cosine_transform(plane.levels.to(torch.float64) * rules.scale))


METRIC = Metric(
    name="fmi_dct",
    label="FMI DCT",
    summary="feature mutual information of cosine transforms",
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
