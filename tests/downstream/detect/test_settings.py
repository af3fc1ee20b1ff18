"""Contradictions are refused in the words of the flags."""

from __future__ import annotations

from typing import Any

import pytest

from downstream.detect.settings import DetectionSettings
from suite.errors import SettingsError


@pytest.mark.parametrize(
    ("changes", "message"),
    [
        ({"epochs": 0}, "--epochs"),
        ({"imgsz": 100}, "96 and 128"),
        ({"learning_rate": 0.0}, "--learning-rate"),
        ({"protocol": "frozen"}, "--frozen-on"),
        ({"frozen_on": "visible"}, "--protocol frozen"),
        ({"protocol": "frozen", "frozen_on": "model", "model": "yolov8n.yaml"}, "PATH.pt"),
    ],
)
def test_a_contradiction_is_refused(changes: dict[str, Any], message: str) -> None:
    with pytest.raises(SettingsError, match=message):
        DetectionSettings(**changes)


def test_the_variant_names_the_protocol() -> None:
    assert DetectionSettings().protocol_name == "retrain"
    assert DetectionSettings(protocol="frozen", frozen_on="visible").protocol_name == "frozen-visible"
