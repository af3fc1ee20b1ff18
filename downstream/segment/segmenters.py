"""Which segmentation network is meant by --arch: an architecture of the default library, or LIBRARY:NAME."""

from __future__ import annotations

from typing import TYPE_CHECKING

from suite.errors import UnknownName
from suite.outside import import_named

if TYPE_CHECKING:
    from downstream.segment.segmenter import Segmenter
    from downstream.segment.settings import SegmentationSettings

DEFAULT_LIBRARY = "smp"
SEGMENTERS = {
    "smp": "downstream.segment.smp.segmenter:SmpSegmenter",
}
"""Library -> the class that makes a `Segmenter` from (name, settings)."""


def build_segmenter(settings: SegmentationSettings) -> Segmenter:
    """The network that `settings.arch` names, checked for everything that can be known before any work.

    Raises:
        UnknownName: no such library, architecture or encoder.
        WeightsError: encoder weights that are not on this machine or do not fit.
        SettingsError: settings that the network cannot be trained with.
    """
    library, colon, name = settings.arch.rpartition(":")
    library = library if colon else DEFAULT_LIBRARY
    if library not in SEGMENTERS:
        raise UnknownName("segmentation library", library, known=SEGMENTERS, hint="Own networks: docs/extending.md.")
    segmenter: Segmenter = import_named(SEGMENTERS[library], "the segmentation network")(name, settings)
    return segmenter
