"""QY (Yang et al.): structure shared with both sources where they agree, with the nearer one where they do not."""

from __future__ import annotations

import torch
from torch import Tensor

from diffif.metrics.derived.bare_structure import SMALLEST_SIDE, similarity
from diffif.metrics.derived.planes import Triple, mean_over_pixels
from diffif.metrics.metric import Metric, Rules, one_definition

AGREEMENT = 0.75
"""SSIM of the two sources from which both of them count."""


def measure(triple: Triple, rules: Rules) -> Tensor:
    """(B,): mean over windows; sources without any variance count the same."""
    visible, infrared = triple.sources
    sources = triple.between(similarity, visible, infrared)
    of_visible, of_infrared = (triple.between(similarity, source, triple.fused).structure for source in triple.sources)
    total = sources.variance_a + sources.variance_b
    share = torch.where(total > 0, sources.variance_a / total, 0.5)
    both = share * of_visible + (1 - share) * of_infrared
    nearer = torch.maximum(of_visible, of_infrared)
    return mean_over_pixels(torch.where(sources.structure >= AGREEMENT, both, nearer))


METRIC = Metric(
    name="qy",
    label="QY",
    summary="structure shared with the sources, by how much they agree",
    higher_is_better=True,
    value_range=(-1.0, 1.0),
    citation="Yang, Zhang, Wang and Liu, Information Fusion 9(2), 2008",
    smallest_side=SMALLEST_SIDE,
    rules=one_definition("standard", "liu2012"),
    measure=measure,
)
