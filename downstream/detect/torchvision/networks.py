"""Detection networks of torchvision by name, and files of their weights; nothing is downloaded."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import Any

import torch
from torch import Tensor, nn

from suite.errors import UnknownName, WeightsError
from suite.files import file_sha256

OTHER_HEADS = {"maskrcnn": "instance masks", "keypointrcnn": "key points"}
"""What torchvision's networks that are no plain detectors give beside boxes."""
LOWEST_SCORE = 0.001
"""Predictions below this are dropped; low, because average precision looks at the whole curve."""
CLASS_LAYERS = ("classification_head", "cls_logits", "cls_score", "bbox_pred")
"""Parts of a tensor's name that depend on the number of classes."""


@dataclass(frozen=True, kw_only=True)
class StartWeights:
    """What a network starts from."""

    tensors: dict[str, Tensor]
    """By name; empty: random weights."""
    classes: tuple[str, ...] = ()
    """Names in order of their labels; empty for random weights."""
    fingerprint: str = "none"
    """Hash of the file."""


def known_networks() -> tuple[str, ...]:
    """Names of the networks that give boxes."""
    from torchvision.models import detection, list_models

    return tuple(name for name in list_models(module=detection) if not name.startswith(tuple(OTHER_HEADS)))


def check_name(name: str) -> None:
    """Refuse unknown networks and those that are no detectors.

    Raises:
        UnknownName: suggests the nearest.
        WeightsError: no detector; says what its head gives.
    """
    for family, gives in OTHER_HEADS.items():
        if name.startswith(family):
            raise WeightsError(
                f"torchvision:{name} is no plain detector: its head gives {gives}. Pass torchvision:"
                f"{name.replace(family, 'fasterrcnn')}."
            )
    if name not in known_networks():
        raise UnknownName("torchvision detector", name, known=known_networks())


def build_network(name: str, num_classes: int, imgsz: int) -> nn.Module:
    """A network from random weights; they come from torch's global generator, which the caller seeds.

    Args:
        name: That `check_name` accepted.
        num_classes: Without the background, which torchvision counts as class 0.
        imgsz: Longer side at which it sees an image; both sides for SSD, which wants one fixed size.
    """
    from torchvision.models import get_model

    options: dict[str, Any] = {"box_score_thresh" if name.startswith("fasterrcnn") else "score_thresh": LOWEST_SCORE}
    if not name.startswith("ssd"):
        options |= {"min_size": imgsz, "max_size": imgsz}
    network: Any = get_model(name, weights=None, weights_backbone=None, num_classes=num_classes + 1, **options)
    if name.startswith("ssd"):
        network.transform.fixed_size = (imgsz, imgsz)
        network.transform.min_size, network.transform.max_size = (imgsz,), imgsz
    built: nn.Module = network
    return built


def read_weights(name: str, path: Path) -> StartWeights:
    """Weights of this network, from a training of ours or as torchvision publishes them.

    Raises:
        WeightsError: not tensors alone, or of another network.
    """
    try:
        found = torch.load(path, map_location="cpu", weights_only=True)
    except Exception as error:
        # Whatever a foreign file provokes means the same to the user; weights_only runs nothing of it.
        reason = str(error).strip().splitlines()[0] if str(error).strip() else type(error).__name__
        raise WeightsError(f"{path} holds no tensors that can be loaded safely: {reason}") from error
    own = isinstance(found, dict) and set(found) == {"model", "classes"}
    tensors = found["model"] if own else found
    if not isinstance(tensors, dict) or not tensors or not all(isinstance(v, Tensor) for v in tensors.values()):
        raise WeightsError(f"{path} is not a state dict (name to tensor) of torchvision:{name}.")
    classes = tuple(str(one) for one in found["classes"]) if own else coco_classes(name)
    with torch.device("meta"):
        network = build_network(name, len(classes), imgsz=320)
    differing = [key for key in differing_tensors(network, tensors) if own or not is_class_layer(key)]
    if differing:
        raise WeightsError(
            f"{path} does not fit torchvision:{name}: {len(differing)} tensors are missing or have another shape "
            f"({', '.join(differing[:3])} ...)."
        )
    complete = not differing_tensors(network, tensors)
    return StartWeights(tensors=tensors, classes=classes if complete else (), fingerprint=file_sha256(path)[:12])


def coco_classes(name: str) -> tuple[str, ...]:
    """The classes of torchvision's published weights, without the background."""
    from torchvision.models import get_model_weights

    return tuple(get_model_weights(name).DEFAULT.meta["categories"][1:])


def load_fitting(network: nn.Module, tensors: dict[str, Tensor]) -> None:
    """Load all tensors but those of class layers for another number of classes, which keep their random start."""
    left_out = set(differing_tensors(network, tensors))
    own = network.state_dict()
    network.load_state_dict({key: tensors[key] for key in own if key in tensors and key not in left_out}, strict=False)


def differing_tensors(network: nn.Module, tensors: dict[str, Tensor]) -> list[str]:
    """Names of the network's tensors that are missing or have another shape."""
    own = network.state_dict()
    # Frozen batch normalisation, which published weights were trained with, does not count its batches.
    wanted = [key for key in own if not key.endswith("num_batches_tracked")]
    return [key for key in wanted if key not in tensors or tensors[key].shape != own[key].shape]


def is_class_layer(key: str) -> bool:
    """Whether a tensor's shape depends on the number of classes."""
    return any(part in key for part in CLASS_LAYERS)
