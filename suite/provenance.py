"""Where a number comes from: the command, the versions and the hardware behind it."""

from __future__ import annotations

import importlib.metadata
import os
import platform
import shlex
import subprocess
import sys
from collections.abc import Sequence
from pathlib import Path
from typing import Any

RECORDED_PACKAGES = (
    "torch", "torchvision", "ultralytics", "segmentation-models-pytorch", "albumentations", "torchmetrics",
    "pandas", "numpy", "opencv-python-headless", "scikit-image",
)  # fmt: skip


def describe_environment() -> dict[str, Any]:
    """Versions, hardware and the commit behind a number; no user or machine names."""
    versions = {}
    for package in RECORDED_PACKAGES:
        try:
            versions[package] = importlib.metadata.version(package)
        except importlib.metadata.PackageNotFoundError:
            continue
    return {
        "python": platform.python_version(),
        "system": f"{platform.system()} {platform.machine()}",
        "cpu_count": os.cpu_count(),
        "versions": versions,
        "accelerator": _accelerator(),
        "commit": _commit(),
    }


def reproducing_command(module: str, argv: Sequence[str]) -> str:
    """`python -m MODULE ARGS`, quoted for a shell."""
    return shlex.join(["python", "-m", module, *argv])


def _accelerator() -> str:
    torch = sys.modules.get("torch")
    if torch is not None and torch.cuda.is_available():
        return str(torch.cuda.get_device_name())
    return "none"


def _commit() -> str:
    here = Path(__file__).parent
    try:
        found = subprocess.run(
            ["git", "-C", str(here), "rev-parse", "HEAD"], capture_output=True, text=True, timeout=5, check=True
        )
    except (OSError, subprocess.SubprocessError):
        return "unknown"
    return found.stdout.strip()
