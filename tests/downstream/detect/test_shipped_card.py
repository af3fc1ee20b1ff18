"""The model card of the detector's start: metadata that model hubs read, with the numbers of its own text."""

from __future__ import annotations

from pathlib import Path

import yaml

from downstream.detect.yolo.shipped import FOLDER


def test_the_metadata_says_what_the_card_says() -> None:
    _, head, text = (FOLDER / "README.md").read_text(encoding="utf-8").split("---\n", 2)
    found = yaml.safe_load(head)
    assert (found["library_name"], found["license"]) == ("ultralytics", "agpl-3.0")
    (model,) = found["model-index"]
    assert Path(FOLDER / f"{model['name']}.pt").is_file()
    map50, map50_95 = (entry["value"] for entry in model["results"][0]["metrics"])
    assert f"mAP50 {map50}, mAP50-95 {map50_95}" in text
