"""Which segmentation network is meant by --arch: an architecture of the default library, LIBRARY:NAME, or
package.module:Class.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from suite.errors import UnknownName
from suite.outside import find_module, import_named

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
        SettingsError: settings that the network cannot be trained with, or a class that cannot be imported.
    """
    library, colon, name = settings.arch.rpartition(":")
    library = library if colon else DEFAULT_LIBRARY
    if library not in SEGMENTERS and find_module(library) is None:
        hint = "Your own: package.module:Class."
        raise UnknownName("segmentation library", library, known=SEGMENTERS, hint=hint)
    place = SEGMENTERS.get(library, settings.arch)
    segmenter: Segmenter = import_named(place, "the segmentation network")(name, settings)
    return segmenter
