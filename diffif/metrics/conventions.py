"""The published sets of definitions that share the metrics' names: whose they are, and what holds for a set as a whole.

Which choices a convention makes within one metric stands in that metric's own file (`measures/`, `Metric.rules`).
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

from suite.errors import UnknownName


@dataclass(frozen=True, kw_only=True)
class Convention:
    """One published set of definitions."""

    name: str
    summary: str
    """One sentence: whose numbers these are."""
    source: str
    """Where the definitions were published."""
    based_on: str = ""
    """The convention that it is like, wherever a metric does not say otherwise."""
    channels: Literal["luma", "separate"] = "luma"
    """Colour: one grey image, or every channel by itself and then the mean over channels."""
    grey_against_colour: Literal["grey", "repeated"] = "grey"
    """A grey fused image of colour sources, channels separate: scored against their grey, or against every channel."""
    prints_all: bool = False
    """Whether its own program prints everything that it defines, so that this is what one gets by default."""
    matlab_grey: bool = False
    """Colour is made grey by MATLAB's rgb2gray (its digits of BT.601, halves upward)."""


CONVENTIONS: dict[str, Convention] = {
    "standard": Convention(
        name="standard",
        summary="the Python evaluator shared by CDDFuse, DDFM, EMMA and Diff-IF, SSIM with data_range 255",
        source="https://github.com/Zhaozixiang1228/MMIF-CDDFuse (utils/Evaluator.py)",
    ),
    "cddfuse": Convention(
        name="cddfuse",
        summary="`standard` with SSIM as printed in those papers: scikit-image up to 0.19 took data_range 2 for floats",
        source="https://github.com/Zhaozixiang1228/MMIF-CDDFuse, with scikit-image 0.19",
        based_on="standard",
    ),
    "tang": Convention(
        name="tang",
        summary="the MATLAB toolkit of Tang et al. after its correction to floating point",
        source="https://github.com/Linfeng-Tang/Image-Fusion (General Evaluation Metric)",
        matlab_grey=True,
    ),
    "tang-uint8": Convention(
        name="tang-uint8",
        summary="the same toolkit when its published sheets were made: SD and VIF in saturating 8-bit arithmetic",
        source="https://github.com/Linfeng-Tang/Image-Fusion (General Evaluation Metric, Metric_TNO.xlsx)",
        based_on="tang",
        matlab_grey=True,
    ),
    "vifb": Convention(
        name="vifb",
        summary="the MATLAB toolkit of the VIFB benchmark: colour channels separately, then averaged",
        source="https://github.com/xingchenzhang/VIFB (metrics)",
        channels="separate",
    ),
    "ivif-zoo": Convention(
        name="ivif-zoo",
        summary="the PyTorch metric file of the IVIF ZOO survey",
        source="https://github.com/RollingPlain/IVIF_ZOO (Metric)",
    ),
    "liu2012": Convention(
        name="liu2012",
        summary="the MATLAB toolkit of Liu et al., TPAMI 2012, as its driver calls it",
        source="https://github.com/zhengliu6699/imageFusionMetrics (fusionAssess.m)",
        matlab_grey=True,
        prints_all=True,
    ),
    "vf-bench": Convention(
        name="vf-bench",
        summary="the video benchmark VF-Bench, NeurIPS 2025: colour channels separately, grey repeated to three",
        source="https://github.com/Zhaozixiang1228/VF-Bench (src/util/metric.py)",
        channels="separate",
        grey_against_colour="repeated",
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
