"""The device behind --device, checked before any work."""

from __future__ import annotations

import os
import re
import sys
from dataclasses import dataclass

from suite.errors import DeviceError, SettingsError

FALLBACK_VARIABLE = "PYTORCH_ENABLE_MPS_FALLBACK"
"""Read by torch when it is imported: operations that Apple's backend lacks then run on the CPU."""


@dataclass(frozen=True, kw_only=True)
class DeviceChoice:
    """Where a command computes."""

    device: str = "auto"
    """auto (the first GPU where there is one), cpu, cuda, cuda:1, GPUs by number (0 or 0,1), mps (Apple)."""


def resolve_device(text: str) -> str:
    """The torch device behind --device: "auto" is the first GPU where there is one, otherwise the CPU.

    Of several GPUs (`0,1`) it is the first: one process computes on one, and a grid gives each its own cells.

    Raises:
        DeviceError: a GPU that does not exist here.
        SettingsError: not a device name.
    """
    if text == "mps":
        return _resolve_mps()
    numbers = listed_gpus(text)
    if text not in ("auto", "cpu", "cuda") and not numbers:
        raise SettingsError(f"--device must be auto, cpu, cuda, cuda:N, N, N,M or mps, got {text!r}")
    if text == "cpu":
        return "cpu"
    import torch

    count = torch.cuda.device_count() if torch.cuda.is_available() else 0
    if text == "auto":
        return "cuda:0" if count else "cpu"
    if max(numbers, default=0) >= count:
        found = f"this machine has {count} usable GPU{'' if count == 1 else 's'}" if count else "no GPU is usable here"
        raise DeviceError(
            f"--device {text}: {found} (torch {torch.__version__}). Use --device cpu, or install torch for CUDA."
        )
    return f"cuda:{numbers[0] if numbers else 0}"


def listed_gpus(text: str) -> tuple[int, ...]:
    """The numbers of the GPUs that --device names, as in `1`, `0,1`, `cuda:1`; none where it names no numbers.

    Raises:
        SettingsError: a number stands twice.
    """
    if re.fullmatch(r"(cuda:)?[0-9]{1,4}(,[0-9]{1,4})*", text) is None:
        return ()
    numbers = tuple(int(number) for number in text.removeprefix("cuda:").split(","))
    if len(set(numbers)) < len(numbers):
        raise SettingsError(f"--device {text} names a GPU twice")
    return numbers


def _resolve_mps() -> str:
    loaded_without = "torch" in sys.modules and os.environ.get(FALLBACK_VARIABLE) != "1"
    os.environ.setdefault(FALLBACK_VARIABLE, "1")
    import torch

    if not torch.backends.mps.is_available():
        raise DeviceError(
            f"--device mps: Apple's GPU backend is not usable here (torch {torch.__version__}). Use --device cpu."
        )
    told = (
        f"operations that it lacks end in an error; set {FALLBACK_VARIABLE}=1 to have them run on the CPU"
        if loaded_without
        else "operations that it lacks run on the CPU"
    )
    print(f"--device mps: Apple's GPU; {told}.", file=sys.stderr)
    return "mps"
