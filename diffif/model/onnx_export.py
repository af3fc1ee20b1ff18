"""A checkpoint that fuses in one pass as an ONNX file, checked against torch before it is written.

Inputs `visible` (luma) and `infrared`, output `fused` (luma), each (B, 1, H, W) float32 in [0, 1], B, H and W free; H
and W multiples of the stride. The file's metadata says so in the words that `--fuser onnx:FILE` reads.
"""

from __future__ import annotations

import warnings
from pathlib import Path

import torch
from torch import Tensor, nn

from diffif.model.diffusion import DiffIF
from suite.errors import CheckpointError, MissingPackage, SettingsError
from suite.files import write_file

OPSET = 17
"""Understood by onnxruntime 1.14 and later, TensorRT 8.6 and later."""
TOLERANCE = 1e-4
"""Largest difference of a pixel to torch, in [0, 1]: a fortieth of a grey level."""
TRACED_SIZE = (64, 96)
CHECKED_SIZES = ((1, 64, 96), (2, 96, 64), (1, 168, 136))
"""B, H and W of the images on which torch and onnxruntime are compared; multiples of 8."""
EXPORTED = ("render",)


class _OnePass(nn.Module):
    """The model between images in [0, 1]."""

    def __init__(self, model: DiffIF) -> None:
        super().__init__()
        assert model.refiner is not None
        self.renderer = model.refiner

    def forward(self, visible: Tensor, infrared: Tensor) -> Tensor:
        condition = 2 * torch.cat([visible, infrared], dim=1) - 1
        fused: Tensor = (self.renderer(condition).clamp(-1, 1) + 1) / 2
        return fused


def refuse_unexportable(model: DiffIF, name: str) -> None:
    """Say before any work that a model is more than one pass through a network.

    Raises:
        SettingsError: names what to export instead.
    """
    if model.settings.process not in EXPORTED:
        raise SettingsError(
            f"{name} fuses by the process {model.settings.process}, in steps and from drawn noise, which is no single "
            "network: only checkpoints of the process render are exported. The one that ships: --weights fast"
        )


def export_onnx(model: DiffIF, path: Path, *, name: str) -> float:
    """Write the file, complete and checked or not at all.

    Args:
        model: Of a process that fuses in one pass, in eval mode, on the CPU.
        path: Ends in .onnx.
        name: What the user calls the checkpoint.

    Returns:
        The largest difference of a pixel to torch, in [0, 1].

    Raises:
        SettingsError: the model cannot be exported, or another file ending.
        MissingPackage: onnx or onnxruntime is not installed.
        CheckpointError: the written network differs from torch by more than `TOLERANCE`; nothing is kept.
    """
    refuse_unexportable(model, name)
    if path.suffix != ".onnx":
        raise SettingsError(f"{path}: an ONNX file is called NAME.onnx")
    try:
        import onnx
        import onnxruntime  # noqa: F401
    except ImportError as error:
        raise MissingPackage("onnx onnxruntime", "diffif export") from error
    network = _OnePass(model).eval()
    with write_file(path) as temporary:
        _trace(network, temporary)
        graph = onnx.load(temporary)
        stride = str(model.stride)
        onnx.helper.set_model_props(graph, {"diffif.order": "visible,infrared", "diffif.stride": stride})
        onnx.checker.check_model(graph)
        onnx.save(graph, temporary)
        difference = largest_difference(network, temporary)
        if difference > TOLERANCE:
            raise CheckpointError(
                f"{path}: not written, its network differs from torch by {difference:.2g} of the range from black to "
                f"white, at most {TOLERANCE:g} is allowed. Another version of torch or onnxruntime may help."
            )
    return difference


def largest_difference(network: nn.Module, path: Path) -> float:
    """Between torch and onnxruntime, over seeded pairs of three sizes."""
    import onnxruntime

    session = onnxruntime.InferenceSession(str(path), providers=["CPUExecutionProvider"])
    generator = torch.Generator().manual_seed(0)
    worst = 0.0
    for batch, height, width in CHECKED_SIZES:
        visible, infrared = torch.rand(2, batch, 1, height, width, generator=generator)
        with torch.inference_mode():
            expected = network(visible, infrared)
        (found,) = session.run(None, {"visible": visible.numpy(), "infrared": infrared.numpy()})
        worst = max(worst, float((torch.from_numpy(found) - expected).abs().max()))
    return worst


def _trace(network: nn.Module, path: Path) -> None:
    example = torch.zeros(1, 1, *TRACED_SIZE)
    free = {0: "batch", 2: "height", 3: "width"}
    with warnings.catch_warnings(), torch.no_grad():
        # torch prefers its newer exporter, which needs a further package and gives the same graph.
        warnings.simplefilter("ignore", DeprecationWarning)
        torch.onnx.export(
            network,
            (example, example),
            str(path),
            input_names=["visible", "infrared"],
            output_names=["fused"],
            dynamic_axes={name: free for name in ("visible", "infrared", "fused")},
            opset_version=OPSET,
            dynamo=False,
        )
