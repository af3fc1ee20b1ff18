"""What fused images are worth: image quality, detection, segmentation and cost, alone or as grids.

`downstream.run_task` computes a task and gives its numbers as a DataFrame; `ImageTask` and `SimpleDetector` are the
base classes of your own task and detector. They are imported when they are asked for, so that `import downstream` loads
nothing heavy.
"""

from __future__ import annotations

from importlib import import_module
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from downstream.api import run_task
    from downstream.detect.simple_detector import SimpleDetector
    from downstream.image_task import ImageTask

__all__ = ["ImageTask", "SimpleDetector", "run_task"]

PLACES = {
    "ImageTask": "downstream.image_task",
    "SimpleDetector": "downstream.detect.simple_detector",
    "run_task": "downstream.api",
}


def __getattr__(name: str) -> Any:
    from suite.environment import refuse_other_datasets

    if name not in PLACES:
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    refuse_other_datasets()
    return getattr(import_module(PLACES[name]), name)


def __dir__() -> list[str]:
    return sorted({*globals(), *__all__})
