"""Any fusion network in ONNX format: `--fuser onnx:FILE`.

How the network wants its images is read from the model's metadata (keys `diffif.<setting>`) and can be given as
settings, which win. A network has two inputs, or one that takes both sources as channels; one output with one or three
channels.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Literal, get_args

import torch
from torch import Tensor

from datasets.images import rgb_to_y
from diffif.fusers.base import Fuser
from diffif.fusers.output_range import stretch
from diffif.fusers.published.weights import weights_sha256
from suite.errors import ImageError, MissingPackage, SettingsError, UnknownName, WeightsError

Order = Literal["visible,infrared", "infrared,visible"]
VisibleInput = Literal["luma", "rgb"]
Range = Literal["unit", "signed", "bytes"]
Output = Literal["clip", "stretch"]
METADATA_PREFIX = "diffif."
# Offset and scale from [0, 1] to what the network takes and gives.
RANGES = {"unit": (0.0, 1.0), "signed": (-1.0, 2.0), "bytes": (0.0, 255.0)}


@dataclass(frozen=True, kw_only=True)
class Signature:
    """How a network wants its images."""

    order: Order = "visible,infrared"
    visible: VisibleInput = "luma"
    input_range: Range = "unit"
    output_range: Range = "unit"
    output: Output = "clip"
    stride: int = 1

    def __post_init__(self) -> None:
        choices = {
            "order": Order,
            "visible": VisibleInput,
            "input_range": Range,
            "output_range": Range,
            "output": Output,
        }
        for key, choice in choices.items():
            if getattr(self, key) not in get_args(choice):
                raise SettingsError(f"onnx: {key} must be {' or '.join(get_args(choice))}, got {getattr(self, key)!r}.")
        if self.stride < 1:
            raise SettingsError(f"onnx: stride must be at least 1, got {self.stride}.")


class OnnxNetwork(Fuser):
    """A network run by onnxruntime.

    Args:
        path: The .onnx file.
        label: The name in tables; the file's stem if empty.
        order: Which source comes first; "published" settings stand in the file's metadata.
        visible: What the network takes of the visible image. With "rgb", a result of three channels is taken as it is.
        input_range: "unit" is [0, 1], "signed" [-1, 1], "bytes" [0, 255].
        output_range: The same for the result.
        output: "clip" the result or "stretch" each image's range.
        stride: Both sides are padded to multiples of this.
        device: "cpu", or "cuda" where onnxruntime-gpu is installed.

    Raises:
        MissingPackage: onnxruntime is not installed.
        WeightsError: the file is missing, is not ONNX, or has other inputs.
        SettingsError, UnknownName: a setting or metadata entry is not usable.
    """

    name = "onnx"
    label = "ONNX"
    kind = "imported"

    def __init__(
        self,
        *,
        path: str,
        label: str = "",
        order: str | None = None,
        visible: str | None = None,
        input_range: str | None = None,
        output_range: str | None = None,
        output: str | None = None,
        stride: int | None = None,
        device: str = "cpu",
    ) -> None:
        self.session = _open(Path(path).expanduser(), device)
        given = {
            "order": order and order.replace("-", ","),
            "visible": visible,
            "input_range": input_range,
            "output_range": output_range,
            "output": output,
            "stride": stride,
        }
        self.signature = _read_signature(self.session.get_modelmeta().custom_metadata_map, given)
        super().__init__(device=device, settings={**vars(self.signature), "weights": weights_sha256(Path(path))})
        self.label = label or Path(path).stem
        self.stride = self.signature.stride
        self.tileable = self.signature.output == "clip"
        self._inputs = [entry.name for entry in self.session.get_inputs()]
        # An input of one fixed batch is fed image by image.
        self.batched = not isinstance(self.session.get_inputs()[0].shape[0], int)
        if len(self._inputs) not in (1, 2):
            raise WeightsError(f"{path} has {len(self._inputs)} inputs ({', '.join(self._inputs)}); expected 1 or 2.")

    @property
    def num_parameters(self) -> None:
        """Unknown: onnxruntime does not tell weights from other constants."""
        return None

    def _fuse(self, visible: Tensor, infrared: Tensor, ids: Sequence[str] | None) -> Tensor:
        if self.signature.visible == "luma":
            return super()._fuse(visible, infrared, ids)
        fused = torch.cat([self._run(*pair) for pair in zip(visible.split(1), infrared.split(1), strict=True)])
        return fused.expand(-1, 3, -1, -1)

    def _fuse_luma(self, y: Tensor, infrared: Tensor) -> Tensor:
        return self._network(y, infrared, channels=1)

    def _run(self, visible: Tensor, infrared: Tensor) -> Tensor:
        from diffif.fusers.base import pad_to

        height, width = visible.shape[-2:]
        sides = [-(-side // self.stride) * self.stride for side in (height, width)]
        fused = self._network(pad_to(visible, *sides), pad_to(infrared, *sides), channels=3)
        return self._finish(fused[..., :height, :width])

    def _network(self, visible: Tensor, infrared: Tensor, *, channels: int) -> Tensor:
        offset, scale = RANGES[self.signature.input_range]
        images = [image * scale + offset for image in (visible, infrared)]
        if self.signature.order == "infrared,visible":
            images.reverse()
        feeds = images if len(self._inputs) == 2 else [torch.cat(images, dim=1)]
        arrays = {name: image.cpu().numpy() for name, image in zip(self._inputs, feeds, strict=True)}
        try:
            fused = torch.from_numpy(self.session.run(None, arrays)[0]).float()
        except Exception as error:  # onnxruntime's errors have no common public base
            raise WeightsError(f"{self.label}: the network refused {tuple(visible.shape)}: {error}") from error
        if fused.ndim != 4 or fused.shape[-2:] != visible.shape[-2:] or fused.shape[1] not in (1, 3):
            raise ImageError(
                f"{self.label}: the network gave {tuple(fused.shape)} for sources of {tuple(visible.shape)}; expected "
                "(B, 1 or 3, H, W) of the same size. If it needs sides that are multiples of a number, set stride=."
            )
        offset, scale = RANGES[self.signature.output_range]
        fused = ((fused - offset) / scale).to(visible.device)
        return rgb_to_y(fused) if channels == 1 and fused.shape[1] == 3 else fused

    def _finish(self, fused: Tensor) -> Tensor:
        return stretch(fused) if self.signature.output == "stretch" else fused


def _open(path: Path, device: str) -> Any:
    try:
        import onnxruntime
    except ImportError as error:
        raise MissingPackage("onnxruntime", "--fuser onnx:FILE") from error
    if not path.is_file():
        raise WeightsError(f"no ONNX file at {path}.")
    options = onnxruntime.SessionOptions()
    options.log_severity_level = 3
    providers = ["CUDAExecutionProvider", "CPUExecutionProvider"] if device != "cpu" else ["CPUExecutionProvider"]
    known = [provider for provider in providers if provider in onnxruntime.get_available_providers()]
    if len(known) < len(providers):
        raise MissingPackage("onnxruntime-gpu", f"onnx:{path.name} on {device}")
    try:
        return onnxruntime.InferenceSession(str(path), options, providers=known)
    except Exception as error:  # onnxruntime's errors have no common public base
        raise WeightsError(f"{path} is not a usable ONNX network: {str(error).splitlines()[0]}") from error


def _read_signature(metadata: Mapping[str, str], given: Mapping[str, Any]) -> Signature:
    values: dict[str, Any] = {}
    for key, value in metadata.items():
        if key.startswith(METADATA_PREFIX):
            name = key.removeprefix(METADATA_PREFIX)
            if name not in given:
                raise UnknownName("ONNX metadata entry", key, known=[METADATA_PREFIX + known for known in given])
            values[name] = int(value) if name == "stride" else value
    values.update({key: value for key, value in given.items() if value is not None})
    return Signature(**values)
