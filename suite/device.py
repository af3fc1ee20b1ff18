"""The device behind --device, checked before any work."""

from __future__ import annotations

from dataclasses import dataclass

from suite.errors import DeviceError, SettingsError


@dataclass(frozen=True, kw_only=True)
class DeviceChoice:
    """Where a command computes."""

    device: str = "auto"
    """auto (the first GPU where there is one), cpu, cuda, cuda:1."""


def resolve_device(text: str) -> str:
    """The torch device behind --device: "auto" is the first GPU where there is one, otherwise the CPU.

    Raises:
        DeviceError: a GPU that does not exist here.
        SettingsError: not a device name.
    """
    import torch

    count = torch.cuda.device_count() if torch.cuda.is_available() else 0
    if text == "auto":
        return "cuda:0" if count else "cpu"
    kind, _, index = ("cuda", ":", text) if text.isdigit() else text.partition(":")
    if kind == "cpu" and not index:
        return "cpu"
    if kind != "cuda" or (index and not index.isdigit()):
        raise SettingsError(f"--device must be auto, cpu, cuda or cuda:N, got {text!r}")
    if int(index or 0) >= count:
        found = f"this machine has {count} usable GPU{'' if count == 1 else 's'}" if count else "no GPU is usable here"
        raise DeviceError(
            f"--device {text}: {found} (torch {torch.__version__}). Use --device cpu, or install torch for CUDA."
        )
    return f"cuda:{int(index or 0)}"
