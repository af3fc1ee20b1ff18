"""MS-SSIM: structure that the fused image shares with its sources at several scales.

Negative contrast counts as 0.
"""

from __future__ import annotations

import torch
import torch.nn.functional as F
from torch import Tensor

from diffif.metrics.derived.patches import patch_structure
from diffif.metrics.derived.planes import Plane, Triple
from diffif.metrics.derived.structure import StructureRules, gaussian_statistics, ssim_terms
from diffif.metrics.metric import Metric

WEIGHTS = (0.0448, 0.2856, 0.3001, 0.2363, 0.1333)
"""Of the five scales, finest first (Wang, Simoncelli and Bovik, 2003)."""
NUM_PATCH_SCALES = 3
SMALLEST_SIDE = 161
"""More than ten pixels must be left at the coarsest of five scales."""


def measure(triple: Triple, rules: StructureRules) -> Tensor:
    """(B,): five-scale SSIM with each source, summed or averaged; or MEF-SSIM at three scales."""
    if rules.window == "patch-11":
        return _patch_scales(triple)
    values = [_scales(triple.fused, source, rules) for source in triple.sources]
    total = values[0] + values[1]
    return total if rules.combine == "sum" else total / 2


def _scales(fused: Plane, source: Plane, rules: StructureRules) -> Tensor:
    a, b = fused.levels.to(torch.float64), source.levels.to(torch.float64)
    product = torch.ones(a.shape[0], dtype=torch.float64, device=a.device)
    for scale, weight in enumerate(WEIGHTS):
        luminance, contrast = ssim_terms(gaussian_statistics(a, b, rules.border), rules.data_range)
        last = scale == len(WEIGHTS) - 1
        term = luminance * contrast if last else contrast
        product = product * term.mean(dim=(-2, -1)).clamp(min=0) ** weight
        if not last:
            a, b = _halve(a), _halve(b)
    return product


def _halve(x: Tensor) -> Tensor:
    """2x2 means; an odd side is continued by zeros on both ends, which count, as in the published PyTorch code."""
    padding = (x.shape[-2] % 2, x.shape[-1] % 2)
    return F.avg_pool2d(x.unsqueeze(1), 2, padding=padding).squeeze(1)


def _patch_scales(triple: Triple) -> Tensor:
    weights = torch.tensor(WEIGHTS[:NUM_PATCH_SCALES], dtype=torch.float64)
    images = [plane.levels.to(torch.float64) for plane in triple.planes]
    product = torch.ones(images[0].shape[0], dtype=torch.float64, device=images[0].device)
    for scale, weight in enumerate((weights / weights.sum()).tolist()):
        product = product * patch_structure(images[0], images[1:]) ** weight
        if scale < NUM_PATCH_SCALES - 1:
            images = [_halve_symmetric(image) for image in images]
    return product


def _halve_symmetric(x: Tensor) -> Tensor:
    """2x2 means from every second pixel on; beyond the last row and column those are repeated."""
    padded = F.pad(x.unsqueeze(1), (0, x.shape[-1] % 2, 0, x.shape[-2] % 2), mode="replicate")
    return F.avg_pool2d(padded, 2).squeeze(1)


METRIC = Metric(
    name="ms_ssim",
    label="MS-SSIM",
    summary="multi-scale structural similarity to both sources",
    higher_is_better=True,
    value_range=(0.0, 2.0),
    citation="Wang, Simoncelli and Bovik, Asilomar Conf. Signals, Systems and Computers, 2003",
    smallest_side=161,
    rules={
        "standard": StructureRules(window="gaussian-11"),
        "tang": StructureRules(window="patch-11"),
        "ivif-zoo": StructureRules(window="gaussian-11", data_range=1.0),
    },
    measure=measure,
)
