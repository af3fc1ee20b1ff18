"""A segmentation network is found by name, and everything wrong with it is found before any work."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import pytest

from downstream.segment.segmenters import build_segmenter
from downstream.segment.settings import SegmentationSettings
from suite.errors import SettingsError, UnknownName

SMALL = SegmentationSettings(arch="unet", encoder="resnet18", encoder_weights="none")


def test_a_library_can_be_named_before_the_architecture() -> None:
    assert build_segmenter(replace(SMALL, arch="smp:unet")).identity == build_segmenter(SMALL).identity


def test_an_unknown_library_is_refused() -> None:
    with pytest.raises(UnknownName, match="Did you mean 'smp'"):
        build_segmenter(replace(SMALL, arch="smq:unet"))


def test_what_determines_the_weights_is_in_the_identity_and_where_they_are_trained_is_not() -> None:
    identity = build_segmenter(SMALL).identity
    assert identity != build_segmenter(replace(SMALL, epochs=3)).identity
    assert identity != build_segmenter(replace(SMALL, arch="fpn")).identity
    assert identity == build_segmenter(replace(SMALL, workers=0, resamples=7)).identity
    assert not any(isinstance(value, Path) for value in identity.values())


class OwnNetwork:
    """Takes what every library's class takes."""

    def __init__(self, name: str, settings: SegmentationSettings) -> None:
        self.name, self.identity = name, {"network": name}


def test_a_network_of_ones_own_is_named_by_its_place() -> None:
    found = build_segmenter(replace(SMALL, arch=f"{__name__}:OwnNetwork"))
    assert isinstance(found, OwnNetwork)
    with pytest.raises(SettingsError, match="cannot import the segmentation network"):
        build_segmenter(replace(SMALL, arch=f"{__name__}:NoNetwork"))
