"""What fused images are worth: image quality, detection, segmentation and cost, alone or as grids.

`downstream.run_task` computes a task and gives its numbers as a DataFrame; it is imported when it is asked for, so that
`import downstream` loads nothing heavy.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from downstream.api import run_task

__all__ = ["run_task"]


def __getattr__(name: str) -> Any:
    from suite.environment import refuse_other_datasets

    if name not in __all__:
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    refuse_other_datasets()
    from downstream import api

    return getattr(api, name)


def __dir__() -> list[str]:
    return sorted({*globals(), *__all__})
