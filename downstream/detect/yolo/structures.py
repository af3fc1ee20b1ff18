"""The network structures that the installed ultralytics ships, by name and head, read without importing the package."""

from __future__ import annotations

import difflib
import re
from collections.abc import Mapping
from functools import cache
from importlib.util import find_spec
from pathlib import Path
from types import MappingProxyType
from typing import Any, Literal

import yaml

from suite.errors import MissingPackage, WeightsError

Family = Literal["yolo", "rtdetr"]
DETECTION_HEADS: Mapping[str, Family] = MappingProxyType(
    {"Detect": "yolo", "v10Detect": "yolo", "RTDETRDecoder": "rtdetr"}
)
"""Heads whose output is boxes of the classes that they were trained on, and how each is trained."""
OTHER_HEADS = MappingProxyType(
    {
        "Segment": "instance segmentation",
        "SemanticSegment": "semantic segmentation",
        "Pose": "key points",
        "OBB": "oriented boxes",
        "Classify": "whole images",
        "Depth": "depth",
        "WorldDetect": "boxes of classes given as text",
        "YOLOEDetect": "boxes of classes given as text",
        "YOLOESegment": "masks of classes given as text",
    }
)
"""What networks that are no plain detectors give instead."""


@cache
def shipped_structures() -> Mapping[str, Path]:
    """Name as after --model (yolo11n.yaml, rtdetr-l.yaml ...) -> YAML file, networks of every head."""
    found = find_spec("ultralytics")
    if found is None or not found.submodule_search_locations:
        raise MissingPackage("ultralytics", "a YOLO or RT-DETR detector")
    names = {}
    for path in sorted((Path(found.submodule_search_locations[0]) / "cfg" / "models").rglob("*.yaml")):
        names[path.name] = path
        scales = read_structure(path).get("scales") or {}
        for scale in scales if isinstance(scales, dict) else ():
            # ultralytics reads the size from the letter that follows the version: yolov8-p2 and n give yolov8n-p2.
            sized = re.sub(r"^((?:yolo|yoloe-)v?\d+)(?=-|\.)", rf"\g<1>{scale}", path.name)
            if sized != path.name:
                names[sized] = path
    return MappingProxyType(names)


@cache
def known_detectors() -> tuple[str, ...]:
    """Structures whose head gives boxes, each with the .pt name under which its weights are published."""
    names = []
    for name, path in shipped_structures().items():
        if head_of(read_structure(path)) in DETECTION_HEADS:
            names += [name, f"{Path(name).stem}.pt"]
    return tuple(sorted(names))


def suggested_detectors(name: str) -> tuple[str, ...]:
    """A few known detectors that look like a mistyped name, and the smallest of the usual families."""
    usual = ("yolov8n.pt", "yolov8n.yaml", "yolo11n.yaml", "yolo12n.yaml", "yolo26n.yaml", "rtdetr-l.yaml")
    near = difflib.get_close_matches(name, known_detectors(), n=4, cutoff=0.6)
    return tuple(dict.fromkeys((*near, *(one for one in usual if one in known_detectors()))))


def read_structure(path: Path) -> dict[str, Any]:
    """A structure file as plain data.

    Raises:
        WeightsError: not a YAML file with backbone and head.
    """
    try:
        content = yaml.safe_load(path.read_text(encoding="utf-8"))
    except (OSError, ValueError, yaml.YAMLError) as error:
        reason = str(error).splitlines()[0]
        raise WeightsError(f"{path} is not a YOLO structure: {reason}. Try --model yolov8n.yaml.") from error
    if not isinstance(content, dict) or not all(isinstance(content.get(key), list) for key in ("backbone", "head")):
        raise WeightsError(f"{path} is not a YOLO structure: no backbone and head. Try --model yolov8n.yaml.")
    return content


def scale_of(path: Path) -> str:
    """The letter by which ultralytics chooses depth and width: yolov8n-p2.yaml gives n; empty where there is none."""
    found = re.search(r"yolo(?:e-)?v?\d+([nslmx])", path.stem)
    return found.group(1) if found else ""


def head_of(structure: Mapping[str, Any]) -> str:
    """Class name of the last module of a structure; empty where it cannot be told."""
    layers = structure.get("head")
    last = layers[-1] if isinstance(layers, list) and layers else None
    return str(last[2]) if isinstance(last, list) and len(last) > 2 else ""


def check_head(name: str, head: str) -> Family:
    """How a network is trained, or an error that says what its head gives instead of boxes.

    Raises:
        WeightsError: not a detector.
    """
    if head in DETECTION_HEADS:
        return DETECTION_HEADS[head]
    gives = f"gives {OTHER_HEADS[head]}" if head in OTHER_HEADS else "is unknown here"
    stem = re.sub(r"-(seg|sem|obb|pose|cls|depth|world|worldv2)(?=-|$)", "", Path(name).stem)
    remedy = next((f"{stem}{end}" for end in (Path(name).suffix, ".yaml") if f"{stem}{end}" in known_detectors()), "")
    raise WeightsError(
        f"{name} is no detector: its head {head or '(none)'} {gives}, and detection needs one of "
        f"{', '.join(DETECTION_HEADS)}. Pass --model {remedy or 'yolov8n.yaml'}."
    )
