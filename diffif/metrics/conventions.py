"""The published definitions that share a metric's name, as data: which rule each named convention follows.

A convention maps a metric's name to its rules, a small frozen dataclass of choices. No code is here: the functions in
`functional/` read the rules, `docs/metrics.md` prints them.
"""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Literal

from datasets.errors import SettingsError, UnknownName


@dataclass(frozen=True, kw_only=True)
class Rules:
    """The choices within one metric's definition; a metric without choices uses this class itself."""


@dataclass(frozen=True, kw_only=True)
class MutualInformationRules(Rules):
    """MI."""

    log_base: float = math.e
    """Unit of information: e gives nats, 2 gives bits."""


@dataclass(frozen=True, kw_only=True)
class StructureRules(Rules):
    """SSIM."""

    window: Literal["uniform-7", "gaussian-11"] = "uniform-7"
    """Local statistics: a 7x7 mean with the unbiased covariance, or an 11x11 Gaussian of sigma 1.5."""
    data_range: float = 255.0
    """The L in C1 = (0.01 L)^2 and C2 = (0.03 L)^2, against levels 0..255."""
    combine: Literal["sum", "mean"] = "sum"
    """Over the two sources."""


@dataclass(frozen=True, kw_only=True)
class Convention:
    """One published set of definitions."""

    name: str
    summary: str
    """One sentence: whose numbers these are."""
    source: str
    """Where the definitions were published."""
    channels: Literal["luma", "separate"] = "luma"
    """Colour: one grey image, or every channel by itself and then the mean over channels."""
    metrics: Mapping[str, Rules] = field(default_factory=dict)
    """Metric name -> its rules; a metric that is absent is not defined by this convention."""

    def rules(self, metric: str) -> Rules:
        """The rules of one metric.

        Raises:
            SettingsError: the convention does not define this metric.
        """
        if metric not in self.metrics:
            raise SettingsError(
                f"the convention {self.name!r} does not define {metric!r}. It defines: {', '.join(self.metrics)}. "
                "Leave the metric out, or choose another convention."
            )
        return self.metrics[metric]


_STANDARD: dict[str, Rules] = {
    "en": Rules(),
    "sd": Rules(),
    "sf": Rules(),
    "ag": Rules(),
    "mi": MutualInformationRules(),
    "scd": Rules(),
    "vif": Rules(),
    "qabf": Rules(),
    "ssim": StructureRules(),
    "cc": Rules(),
}

CONVENTIONS: dict[str, Convention] = {
    "standard": Convention(
        name="standard",
        summary="the Python evaluator shared by CDDFuse, DDFM, EMMA and Diff-IF, SSIM with data_range 255",
        source="https://github.com/Zhaozixiang1228/MMIF-CDDFuse (utils/Evaluator.py)",
        metrics=_STANDARD,
    ),
    "cddfuse": Convention(
        name="cddfuse",
        summary="`standard` with SSIM as printed in those papers: scikit-image up to 0.19 took data_range 2 for floats",
        source="https://github.com/Zhaozixiang1228/MMIF-CDDFuse, with scikit-image 0.19",
        metrics=_STANDARD | {"ssim": StructureRules(data_range=2.0)},
    ),
}


def get_convention(name: str) -> Convention:
    """Look a convention up by its name.

    Raises:
        UnknownName: there is none of that name.
    """
    if name not in CONVENTIONS:
        raise UnknownName("convention", name, known=CONVENTIONS)
    return CONVENTIONS[name]
