"""The published definitions that share a metric's name, as data: which rule each named convention follows.

A convention maps a metric's name to its rules (`rules.py`), a small frozen dataclass of choices. No code is here: the
functions in `functional/` read the rules, `docs/metrics.md` prints them.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Literal

from diffif.metrics.rules import (
    ArtifactRules,
    ContrastRules,
    CrossEntropyRules,
    DeviationRules,
    EdgeRules,
    FeatureRules,
    FidelityRules,
    FrequencyRules,
    GradientRules,
    IntensityRules,
    MutualInformationRules,
    NormalizedInformationRules,
    RootErrorRules,
    Rules,
    SignalToNoiseRules,
    SquaredErrorRules,
    StructureRules,
)
from suite.errors import SettingsError, UnknownName


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
    matlab_grey: bool = False
    """Colour files are made grey by MATLAB's rgb2gray (its digits of BT.601, halves upward)."""
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
    "sd": DeviationRules(),
    "sf": FrequencyRules(),
    "ag": GradientRules(),
    "ei": IntensityRules(),
    "mi": MutualInformationRules(),
    "nmi": NormalizedInformationRules(),
    "fmi_pixel": FeatureRules(),
    "fmi_gradient": FeatureRules(),
    "fmi_dct": FeatureRules(),
    "fmi_wavelet": FeatureRules(),
    "ce": CrossEntropyRules(),
    "cc": Rules(),
    "scd": Rules(),
    "mse": SquaredErrorRules(),
    "rmse": RootErrorRules(),
    "psnr": SignalToNoiseRules(),
    "ssim": StructureRules(),
    "ms_ssim": StructureRules(window="gaussian-11"),
    "vif": FidelityRules(),
    "viff": Rules(),
    "qabf": EdgeRules(),
    "nabf": ArtifactRules(),
    "qo": Rules(),
    "qw": Rules(),
    "qe": Rules(),
    "qcb": ContrastRules(),
    "qcv": Rules(),
    "qp": Rules(),
}

_TANG: dict[str, Rules] = {
    "en": Rules(),
    "sd": DeviationRules(),
    "sf": FrequencyRules(),
    "ag": GradientRules(divisor="intervals"),
    "mi": MutualInformationRules(log_base=2.0, saturate=True),
    "fmi_dct": FeatureRules(),
    "fmi_wavelet": FeatureRules(),
    "cc": Rules(),
    "scd": Rules(),
    "mse": SquaredErrorRules(scale=1 / 255),
    "psnr": SignalToNoiseRules(error="squared, unit range", peak="255"),
    "ssim": StructureRules(window="gaussian-11", border="replicate", data_range=1.0, combine="mean"),
    "ms_ssim": StructureRules(window="patch-11"),
    "vif": FidelityRules(),
    "qabf": EdgeRules(),
    "nabf": ArtifactRules(roles="infrared for fused"),
}

_TANG_UINT8: dict[str, Rules] = _TANG | {
    "sd": DeviationRules(saturate=True),
    "sf": FrequencyRules(scale=1 / 255),
    "fmi_dct": FeatureRules(scale=1 / 255),
    "fmi_wavelet": FeatureRules(scale=1 / 255),
    "ssim": StructureRules(window="patch-11"),
    "vif": FidelityRules(saturate=True),
    "qabf": EdgeRules(unit_range=True),
    "nabf": ArtifactRules(scale=1 / 255),
}

_VIFB: dict[str, Rules] = {
    "ag": GradientRules(divisor="intervals"),
    "ce": CrossEntropyRules(),
    "ei": IntensityRules(),
    "en": Rules(),
    "mi": MutualInformationRules(stretch=True),
    "psnr": SignalToNoiseRules(error="norm per pixel", peak="255"),
    "qabf": EdgeRules(scale=255.0),
    "qcb": ContrastRules(),
    "qcv": Rules(),
    "rmse": RootErrorRules(form="norm per pixel"),
    "sf": FrequencyRules(divisor="pixels", join_channels=True),
    "ssim": StructureRules(window="gaussian-11"),
    "sd": DeviationRules(),
}

_IVIF_ZOO: dict[str, Rules] = {
    "en": Rules(),
    "sd": DeviationRules(),
    "sf": FrequencyRules(),
    "ag": GradientRules(),
    "ei": IntensityRules(border="zero"),
    "mi": MutualInformationRules(log_base=2.0),
    "nmi": NormalizedInformationRules(divisor="sources"),
    "ce": CrossEntropyRules(form="sigmoid"),
    "cc": Rules(),
    "scd": Rules(),
    "mse": SquaredErrorRules(scale=1 / 255),
    "psnr": SignalToNoiseRules(error="squared, unit range", peak="255"),
    "ssim": StructureRules(window="gaussian-11", data_range=1.0),
    "ms_ssim": StructureRules(window="gaussian-11", data_range=1.0),
    "vif": FidelityRules(window="off-centre", border="zero"),
    "qabf": EdgeRules(),
    "nabf": ArtifactRules(faint_weight=0.0),
    "qcb": ContrastRules(frequency_span=0.5, round_levels=False),
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
    "tang": Convention(
        name="tang",
        summary="the MATLAB toolkit of Tang et al. after its correction to floating point",
        source="https://github.com/Linfeng-Tang/Image-Fusion (General Evaluation Metric)",
        matlab_grey=True,
        metrics=_TANG,
    ),
    "tang-uint8": Convention(
        name="tang-uint8",
        summary="the same toolkit when its published sheets were made: SD and VIF in saturating 8-bit arithmetic",
        source="https://github.com/Linfeng-Tang/Image-Fusion (General Evaluation Metric, Metric_TNO.xlsx)",
        matlab_grey=True,
        metrics=_TANG_UINT8,
    ),
    "vifb": Convention(
        name="vifb",
        summary="the MATLAB toolkit of the VIFB benchmark: colour channels separately, then averaged",
        source="https://github.com/xingchenzhang/VIFB (metrics)",
        channels="separate",
        metrics=_VIFB,
    ),
    "ivif-zoo": Convention(
        name="ivif-zoo",
        summary="the PyTorch metric file of the IVIF ZOO survey",
        source="https://github.com/RollingPlain/IVIF_ZOO (Metric)",
        metrics=_IVIF_ZOO,
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
