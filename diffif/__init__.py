"""Diff-IF and the fusers it is compared with, for Python: fuse, evaluate, search and train in one call each.

>>> import diffif
>>> import numpy as np
>>> visible, infrared = np.full((64, 64, 3), 0.2), np.full((64, 64), 0.8)
>>> fused = diffif.fuse(visible, infrared, "average")
>>> tuple(fused.shape)
(1, 3, 64, 64)

Names are imported when they are asked for, so that `import diffif` loads neither torch nor OpenCV.
"""

from __future__ import annotations

from importlib import import_module
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from datasets.image_like import ImageLike
    from datasets.images import write_image
    from datasets.registry import load_dataset
    from diffif.api import evaluate, from_pretrained, fuse, save_pretrained, search, train
    from diffif.fusers.base import Fuser
    from diffif.fusers.registry import build_fuser
    from diffif.metrics import FusionMetric, Metric

__all__ = [
    "Fuser",
    "FusionMetric",
    "ImageLike",
    "Metric",
    "build_fuser",
    "evaluate",
    "from_pretrained",
    "fuse",
    "load_dataset",
    "save_pretrained",
    "search",
    "train",
    "write_image",
]

_MODULES = {
    "datasets.image_like": ("ImageLike",),
    "datasets.images": ("write_image",),
    "datasets.registry": ("load_dataset",),
    "diffif.api": ("evaluate", "from_pretrained", "fuse", "save_pretrained", "search", "train"),
    "diffif.fusers.base": ("Fuser",),
    "diffif.fusers.registry": ("build_fuser",),
    "diffif.metrics": ("FusionMetric", "Metric"),
}


def __getattr__(name: str) -> Any:
    from suite.environment import refuse_other_datasets

    for module, names in _MODULES.items():
        if name in names:
            refuse_other_datasets()
            return getattr(import_module(module), name)
    raise AttributeError(f"module {__name__!r} has no attribute {name!r}")


def __dir__() -> list[str]:
    return sorted({*globals(), *__all__})
