# mypy: disable-error-code="no-untyped-call, attr-defined"
"""Weights of ultralytics, opened without running what a foreign file may hold.

A .pt file of ultralytics is a pickle of whole modules. It is loaded with torch's `weights_only` and an allow-list:
module classes of torch and of ultralytics, and nothing else; activations in the structure it carries are parsed, not
evaluated. A file that names anything else is refused, and no switch turns this off.
"""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

from downstream.detect.yolo.structures import Family, check_head
from suite.errors import WeightsError


@dataclass(frozen=True, kw_only=True)
class WeightsFile:
    """What is known of a file of weights once it has been opened."""

    family: Family
    classes: tuple[str, ...]
    """In order of their labels."""


def read_checkpoint(path: Path) -> WeightsFile:
    """Open the weights of a detector; `prepare_yolo` must have run.

    Raises:
        WeightsError: no checkpoint, one that cannot be loaded safely, or that of a network that is no detector.
    """
    from ultralytics.nn import tasks
    from ultralytics.utils import LOGGER

    require_safe_loading()
    level = LOGGER.level
    LOGGER.setLevel("ERROR")
    try:
        network, _ = tasks.load_checkpoint(path)
        head = type(network.model[-1]).__name__
        names = network.names
        classes = tuple(str(names[index]) for index in range(len(names)))
    except Exception as error:
        # Whatever a foreign file provokes in the loader means the same to the user.
        reason = str(error).strip().splitlines()[0] if str(error).strip() else type(error).__name__
        raise WeightsError(
            f"{path} is not a detector's checkpoint that can be loaded safely: {reason} Expected a .pt file written by "
            "ultralytics for a YOLO or RT-DETR detector, or pass --model yolov8n.yaml."
        ) from error
    finally:
        LOGGER.setLevel(level)
    return WeightsFile(family=check_head(path.name, head), classes=classes)


def require_safe_loading() -> None:
    """Refuse to open weights where the installed packages could only do so by running them.

    Raises:
        WeightsError: ultralytics or torch is too old, or `prepare_yolo` has not run.
    """
    from ultralytics.nn import tasks

    loader = getattr(tasks, "_SafeLoad", None)
    if loader is None or not loader.restricted():
        raise WeightsError(
            "the installed ultralytics and torch cannot load weights without running code from them. "
            "Install ultralytics>=8.4.100 and torch>=2.6, or start from random weights: --model yolov8n.yaml."
        )
