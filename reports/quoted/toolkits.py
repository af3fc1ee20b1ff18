"""The programs that published tables come from: whose definitions they follow, how they name metrics."""

from __future__ import annotations

import re

TOOLKITS = {
    "standard": "Python evaluator of CDDFuse, DDFM, EMMA and Diff-IF",
    "cddfuse": "the same with SSIM of scikit-image 0.19",
    "tang": "MATLAB toolkit of Tang et al., corrected",
    "tang-uint8": "MATLAB toolkit of Tang et al., as its published sheets were made",
    "vifb": "MATLAB toolkit of VIFB",
    "ivif-zoo": "PyTorch metrics of IVIF ZOO",
    "liu2012": "MATLAB toolkit of Liu et al., 2012",
    "vf-bench": "video benchmark VF-Bench",
}
"""Convention of `diffif.metrics` that computes the same -> whose program it was."""
OTHER_NAMES = {
    "entropy": "en", "std": "sd", "variance": "sd", "spatial_frequency": "sf", "avg_gradient": "ag", "mutinf": "mi",
    "qab/f": "qabf", "q^ab/f": "qabf", "q_abf": "qabf", "nab/f": "nabf", "n_abf": "nabf", "cross_entropy": "ce",
    "edge_intensity": "ei", "msssim": "ms_ssim", "ms-ssim": "ms_ssim",
}  # fmt: skip
"""Name in some toolkit's table, lower case -> metric."""
SUMMARIES = ("mean", "average", "avg", "std", "std.", "sd", "median")
"""Names of lines that are no image."""


def metric_of(name: str) -> str:
    """The metric that a sheet or a column is named after; an unknown name stays as it is, in lower case.

    >>> metric_of("Qabf"), metric_of(" Avg_gradient "), metric_of("QAB/F [up]")
    ('qabf', 'ag', 'qabf')
    """
    plain = re.sub(r"\s*[\[(↑↓].*$", "", name.strip()).casefold().replace(" ", "_")
    return OTHER_NAMES.get(plain, plain)
