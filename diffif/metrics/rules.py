"""The choices within each metric's definition on which published toolkits differ, one small dataclass a metric.

The default of every field is what the `standard` convention does; `conventions.py` says who chose otherwise.
"""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import Literal


@dataclass(frozen=True, kw_only=True)
class Rules:
    """The choices within one metric's definition; a metric without choices uses this class itself."""

    @property
    def smallest_side(self) -> int:
        """Fewest rows and columns that these choices need, beyond what the metric itself does."""
        return 1


@dataclass(frozen=True, kw_only=True)
class DeviationRules(Rules):
    """SD."""

    saturate: bool = False
    """8-bit MATLAB arithmetic: deviations are rounded and cut to 0..255, and so are their squares."""


@dataclass(frozen=True, kw_only=True)
class FrequencyRules(Rules):
    """SF."""

    scale: float = 1.0
    """Factor on the grey levels; 1/255 for images in [0, 1]."""
    divisor: Literal["differences", "pixels"] = "differences"
    """What each sum of squared differences is divided by."""
    join_channels: bool = False
    """Colour: the channels side by side as one wide image, their seams included."""


@dataclass(frozen=True, kw_only=True)
class GradientRules(Rules):
    """AG."""

    divisor: Literal["pixels", "intervals"] = "pixels"
    """H W, or (H - 1)(W - 1)."""


@dataclass(frozen=True, kw_only=True)
class IntensityRules(Rules):
    """EI."""

    border: Literal["replicate", "zero"] = "replicate"
    """What lies beyond the image."""


@dataclass(frozen=True, kw_only=True)
class MutualInformationRules(Rules):
    """MI."""

    log_base: float = math.e
    """Unit of information: e gives nats, 2 gives bits."""
    stretch: bool = False
    """Stretch every image to its own minimum and maximum, in 256 rounded levels, first."""
    saturate: bool = False
    """8-bit MATLAB arithmetic in the joint histogram: level + 1 saturates, so that 254 and 255 share a bin."""


@dataclass(frozen=True, kw_only=True)
class NormalizedInformationRules(Rules):
    """NMI."""

    divisor: Literal["each pair", "sources"] = "each pair"
    """2 I / (H(source) + H(fused)) for each source, or twice the summed I over H(visible) + H(infrared)."""


@dataclass(frozen=True, kw_only=True)
class CrossEntropyRules(Rules):
    """CE."""

    form: Literal["histograms", "sigmoid"] = "histograms"
    """Relative entropy of the histograms, in bits; or binary cross-entropy of sigmoids of the grey levels."""


@dataclass(frozen=True, kw_only=True)
class SquaredErrorRules(Rules):
    """MSE."""

    scale: float = 1.0
    """Factor on the grey levels; 1/255 for images in [0, 1]."""


@dataclass(frozen=True, kw_only=True)
class RootErrorRules(Rules):
    """RMSE."""

    form: Literal["root of mean", "norm per pixel"] = "root of mean"
    """The root of MSE; or sqrt(sum of squares of differences of [0, 255] levels) / (H W), averaged over sources."""


@dataclass(frozen=True, kw_only=True)
class SignalToNoiseRules(Rules):
    """PSNR."""

    error: Literal["squared", "squared, unit range", "norm per pixel"] = "squared"
    """Mean squared error in grey levels; in [0, 1]; or VIFB's RMSE, taken for a squared error."""
    peak: Literal["fused maximum", "255"] = "fused maximum"
    """The signal's peak."""


@dataclass(frozen=True, kw_only=True)
class StructureRules(Rules):
    """SSIM, and MS-SSIM at every scale."""

    window: Literal["uniform-7", "gaussian-11", "patch-11"] = "uniform-7"
    """Local statistics: 7x7 means with the unbiased covariance; 11x11 Gaussian of sigma 1.5; MEF-SSIM's patches."""
    border: Literal["valid", "replicate"] = "valid"
    """Windows that fit whole, or the image continued by its border pixels."""
    data_range: float = 255.0
    """The L in C1 = (0.01 L)^2 and C2 = (0.03 L)^2, against levels 0..255."""
    combine: Literal["sum", "mean"] = "sum"
    """Over the two sources."""

    @property
    def smallest_side(self) -> int:
        """One whole window."""
        return 7 if self.window == "uniform-7" else 11


@dataclass(frozen=True, kw_only=True)
class FidelityRules(Rules):
    """VIF."""

    window: Literal["centred", "off-centre"] = "centred"
    """The Gaussian of each scale; off-centre: its N taps lie at linspace(-(N + 1) / 2, (N - 1) / 2)."""
    border: Literal["valid", "zero"] = "valid"
    """Windows that fit whole, or zeros beyond the image."""
    saturate: bool = False
    """8-bit MATLAB arithmetic: products at the finest scale are cut to 255."""


@dataclass(frozen=True, kw_only=True)
class EdgeRules(Rules):
    """Qabf."""

    scale: float = 1.0
    """Factor on the grey levels. It matters where strengths are equal: the ratio is then the strength itself."""
    unit_range: bool = False
    """Sobel sums of levels / 255 in double precision, in the order of MATLAB's conv2: where the exact response is zero
    a rounding error is left, and its sign decides the orientation."""


@dataclass(frozen=True, kw_only=True)
class ArtifactRules(Rules):
    """Nabf."""

    scale: float = 1.0
    """Factor on the grey levels, against a strength threshold of 2."""
    faint_weight: float = 0.001
    """Weight of edges below the threshold."""
    roles: Literal["fused, sources", "infrared for fused"] = "fused, sources"
    """Order of the arguments; swapped, the artefacts of the infrared image against visible and fused are counted."""


@dataclass(frozen=True, kw_only=True)
class FeatureRules(Rules):
    """FMI."""

    scale: float = 1.0
    """Factor on the grey levels before features are extracted."""


@dataclass(frozen=True, kw_only=True)
class ContrastRules(Rules):
    """Qcb."""

    frequency_span: float = 1.0
    """Highest frequency along each axis, before scaling by a thirtieth of the side."""
    round_levels: bool = True
    """Round the stretched images to 256 levels."""
