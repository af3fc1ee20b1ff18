"""Whole networks that ship with the suite: --encoder-weights laboratory."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from types import MappingProxyType

from downstream.shipped import verify_shipped
from suite.errors import WeightsError

FOLDER = Path(__file__).resolve().parent / "weights"
LABORATORY = "laboratory"
FILE = "linknet-mobilenet_v2-laboratory.safetensors"
NETWORK = ("linknet", "mobilenet_v2")
SHIPPED: Mapping[str, str] = MappingProxyType({FILE: ""})
"""File -> its SHA-256. How each was made: weights/README.md."""


def find_laboratory(arch: str, encoder: str, folder: Path = FOLDER) -> Path:
    """The file of the network that laboratory runs start from.

    Raises:
        WeightsError: it ships for another network, is missing, or is not the one that was shipped.
    """
    if (arch.lower(), encoder) != NETWORK:
        raise WeightsError(
            f"--encoder-weights {LABORATORY} ships for {NETWORK[0]} on {NETWORK[1]}, not for {arch} on {encoder}. Pass "
            f"--arch {NETWORK[0]} --encoder {NETWORK[1]}, or --encoder-weights none."
        )
    return verify_shipped(folder / FILE, SHIPPED[FILE])
