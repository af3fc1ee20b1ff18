"""Segmentation networks of segmentation-models-pytorch; encoder weights are looked up, never downloaded."""

from __future__ import annotations

import os
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import torch
from torch import Tensor, nn

from suite.errors import UnknownName, WeightsError
from suite.files import file_sha256

# Statistics of ImageNet (RGB in [0, 1]), which every encoder of the library was trained with.
IMAGENET_MEAN = (0.485, 0.456, 0.406)
IMAGENET_STD = (0.229, 0.224, 0.225)
TWO_WAYS_OUT = (
    "Two ways out:\n"
    "  --encoder-weights PATH   a file with the encoder's tensors (.safetensors or .pth)\n"
    "  --encoder-weights none   the same encoder from random weights (needs more epochs)"
)


@dataclass(frozen=True, kw_only=True)
class EncoderWeights:
    """What an encoder starts from."""

    path: Path | None
    """A file of tensors; None: random weights."""
    fingerprint: str
    """Hash of the file, or "none"."""


def check_names(arch: str, encoder: str) -> None:
    """Refuse unknown decoders and encoders.

    Raises:
        UnknownName: suggests the nearest.
    """
    smp = _library()
    if arch.lower() not in smp.MODEL_ARCHITECTURES_MAPPING:
        raise UnknownName("architecture", arch, known=smp.MODEL_ARCHITECTURES_MAPPING)
    known = smp.encoders.encoders
    if encoder not in known:
        raise UnknownName("encoder", encoder, known=known)


def find_encoder_weights(encoder: str, name: str) -> EncoderWeights:
    """Resolve --encoder-weights.

    Args:
        encoder: A name that `check_names` accepted.
        name: "none", "imagenet" (or another published set of this encoder), or a file.

    Raises:
        WeightsError: not on this machine; names the published file and the two ways out.
    """
    if name.lower() == "none":
        return EncoderWeights(path=None, fingerprint="none")
    path = Path(name)
    if path.is_file():
        return EncoderWeights(path=path.resolve(), fingerprint=file_sha256(path)[:12])
    published = _library().encoders.encoders[encoder]["pretrained_settings"]
    if path.suffix or path.name != name or name not in published:
        raise WeightsError(
            f"no encoder weights {name}: neither a file nor a published set of {encoder} "
            f"({', '.join(published)}). {TWO_WAYS_OUT}"
        )
    found = _published_file(published[name])
    return EncoderWeights(path=found, fingerprint=file_sha256(found)[:12])


def _published_file(entry: Mapping[str, str]) -> Path:
    from huggingface_hub import hf_hub_download

    try:
        found = hf_hub_download(
            entry["repo_id"], filename="model.safetensors", revision=entry["revision"], local_files_only=True
        )
    except OSError as error:
        raise WeightsError(
            f"the encoder weights {entry['repo_id']} are not on this machine; nothing is downloaded behind your back. "
            f"Fetch them: hf download {entry['repo_id']} --revision {entry['revision']}\n{TWO_WAYS_OUT}"
        ) from error
    return Path(found)


def build_network(arch: str, encoder: str, weights: EncoderWeights, num_classes: int) -> nn.Module:
    """A network that maps RGB in [0, 1], (B, 3, H, W), to class scores, (B, C, H, W).

    Random weights come from torch's global generator; the caller seeds it.

    Raises:
        WeightsError: the file's tensors do not fit the encoder; lists the first differing keys.
    """
    body = _library().create_model(arch, encoder_name=encoder, encoder_weights=None, classes=num_classes)
    if weights.path is not None:
        _load_encoder(body.encoder, weights.path)
    return Normalized(body)


def load_network(path: Path, arch: str, encoder: str, num_classes: int, device: str) -> nn.Module:
    """The network of a finished training, ready to predict."""
    network = build_network(arch, encoder, EncoderWeights(path=None, fingerprint="none"), num_classes)
    network.load_state_dict(torch.load(path, map_location="cpu", weights_only=True))
    return network.to(device).eval()


class Normalized(nn.Module):
    """ImageNet normalisation, then the network; so that no caller can forget or double it."""

    mean: Tensor
    std: Tensor

    def __init__(self, body: nn.Module) -> None:
        super().__init__()
        self.body = body
        self.register_buffer("mean", torch.tensor(IMAGENET_MEAN).view(1, 3, 1, 1), persistent=False)
        self.register_buffer("std", torch.tensor(IMAGENET_STD).view(1, 3, 1, 1), persistent=False)

    def forward(self, image: Tensor) -> Tensor:
        """Class scores of RGB in [0, 1]."""
        scores: Tensor = self.body((image - self.mean) / self.std)
        return scores


def _load_encoder(encoder: nn.Module, path: Path) -> None:
    tensors = _read_tensors(path)
    # torchvision's and timm's files hold the classifier, too; encoders have none.
    own = encoder.state_dict()
    differing = [key for key in own if key not in tensors or tensors[key].shape != own[key].shape]
    if differing:
        shown = ", ".join(differing[:3])
        raise WeightsError(
            f"{path} does not fit the encoder: {len(differing)} of {len(own)} tensors are missing or have another "
            f"shape ({shown} ...). Expected the file of {type(encoder).__name__}, or --encoder-weights none."
        )
    encoder.load_state_dict({key: tensors[key] for key in own})


def _read_tensors(path: Path) -> dict[str, Tensor]:
    try:
        if path.suffix == ".safetensors":
            from safetensors.torch import load_file

            tensors: dict[str, Tensor] = load_file(path)
            return tensors
        found = torch.load(path, map_location="cpu", weights_only=True)
    except Exception as error:
        # Whatever a foreign file provokes means the same to the user.
        raise WeightsError(f"{path} holds no tensors that can be loaded safely: {error}. {TWO_WAYS_OUT}") from error
    if isinstance(found, dict) and isinstance(found.get("state_dict"), dict):
        found = found["state_dict"]
    if not isinstance(found, dict) or not all(isinstance(value, Tensor) for value in found.values()):
        raise WeightsError(f"{path} is not a state dict (name to tensor). {TWO_WAYS_OUT}")
    return found


def _library() -> Any:
    # Model hubs are only asked with local_files_only; this keeps the library's own calls offline, too.
    os.environ.setdefault("HF_HUB_OFFLINE", "1")
    import segmentation_models_pytorch

    return segmentation_models_pytorch
