"""Which detector is meant after --model: a network of ultralytics, LIBRARY:NAME, or package.module:Class."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

from suite.errors import UnknownName
from suite.outside import find_module, import_named

if TYPE_CHECKING:
    from downstream.detect.detector import Detector
    from downstream.detect.settings import DetectionSettings

DEFAULT_LIBRARY = "ultralytics"
DETECTORS = {
    "ultralytics": "downstream.detect.yolo.detector:YoloDetector",
    "torchvision": "downstream.detect.torchvision.detector:TorchvisionDetector",
}
"""Library -> the class that makes a `Detector` from (name, settings, workdir)."""


def build_detector(settings: DetectionSettings, workdir: Path) -> Detector:
    """The detector that `settings.model` names, checked for everything that can be known before any work.

    Args:
        settings: Network and training.
        workdir: The working folder, where weights are looked for, too.

    Raises:
        UnknownName: no such library or network.
        WeightsError: weights that are not on this machine, do not fit, are unsafe to load, or are no detector's.
        SettingsError: settings that the network cannot be trained with, or a class that cannot be imported.
    """
    library, colon, name = settings.model.partition(":")
    # One letter and a colon is a drive of Windows.
    if not colon or len(library) == 1:
        library, name = DEFAULT_LIBRARY, settings.model
    place = DETECTORS.get(library, settings.model)
    if place == settings.model and find_module(library) is None:
        raise UnknownName("detector library", library, known=DETECTORS, hint="Your own: package.module:Class.")
    detector: Detector = import_named(place, "the detector")(name, settings, workdir)
    return detector
