"""QNCIE (also Q_NICE): how much the fused image and its sources, taken together, depend on each other.

Values of real images lie near 0.80, and differences show in the third digit: 1 - log2(3) / 8 = 0.802 is what three
independent images have. Some codes take linear correlation for the dependence, which gives other values.
"""

from __future__ import annotations

import math
from itertools import combinations

import torch
from torch import Tensor

from diffif.metrics.derived.histograms import entropy, joint_histogram, mutual_information
from diffif.metrics.derived.planes import NUM_LEVELS, Triple, stretched_or_black
from diffif.metrics.metric import Metric, Rules, one_definition

NUM_IMAGES = 3


def measure(triple: Triple, rules: Rules) -> Tensor:
    """(B,): one minus the entropy of the eigenvalues of the nonlinear correlation matrix, in base 256."""
    planes = [plane.derive(stretched_or_black) for plane in triple.planes]
    batch = triple.fused.levels.shape[0]
    matrix = torch.eye(NUM_IMAGES, dtype=torch.float64, device=triple.fused.levels.device).repeat(batch, 1, 1)
    for i, j in combinations(range(NUM_IMAGES), 2):
        shared = mutual_information(triple.between(joint_histogram, planes[i], planes[j]))
        matrix[:, i, j] = matrix[:, j, i] = shared / math.log(NUM_LEVELS)
    shares = torch.linalg.eigvalsh(matrix).clamp(min=0) / NUM_IMAGES
    return 1 - entropy(shares) / math.log(NUM_LEVELS)


METRIC = Metric(
    name="qncie",
    label="QNCIE",
    summary="nonlinear correlation information entropy of the three images",
    higher_is_better=True,
    value_range=(0.8, 1.0),
    citation="Wang, Shen and Jin, in Image Fusion: Algorithms and Applications, chapter 19, 2008",
    rules=one_definition("standard", "liu2012"),
    measure=measure,
)
