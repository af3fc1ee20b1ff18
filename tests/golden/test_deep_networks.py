"""The arithmetic of every network, with weights that anyone can compute: needs nothing beside the repository.

What each gives with its published weights is in `test_deep_fusers.py`; see `deep_networks/README.md`.
"""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
import torch
from safetensors.torch import save_file
from torch import Tensor

from datasets.images import rgb_to_y
from diffif.fusers.base import Fuser
from diffif.fusers.deep.pretrained import PretrainedFuser
from diffif.fusers.registry import FUSERS, get_fuser
from tests.contracts.fuser_contract import make_pair
from tests.golden.closed_form_weights import fill

FILE = Path(__file__).parent / "deep_networks" / "luma.npz"
# Of the output's own spread, which is small for some networks with such weights: other convolution order.
TOLERANCE = 1e-3
SIZE = (26, 34)
# Networks that multiply features by each other, and one that uses its filters twice: they saturate with the usual gain.
GAINS = {"auif": 0.15, "ydtr": 0.6, "datfuse": 0.7}


def network_names() -> list[str]:
    """Table names of the fusers with published weights."""
    return [name for name in FUSERS if issubclass(get_fuser(name), PretrainedFuser)]


def luma_with_closed_form_weights(name: str, folder: Path) -> Tensor:
    """Luma of the contract's pair, (H, W), as the network of the fuser gives it: neither clipped nor stretched."""
    cls = get_fuser(name)
    assert issubclass(cls, PretrainedFuser)
    file = folder / f"{name}.safetensors"
    save_file({key: value.contiguous() for key, value in fill(cls.make_network(), GAINS.get(name, 1.0)).items()}, file)
    fuser, (visible, infrared) = cls(weights=str(file)), make_pair(*SIZE)
    with torch.inference_mode():
        if cls._fuse is Fuser._fuse:
            return fuser._fuse_luma(rgb_to_y(visible), infrared)[0, 0]
        return rgb_to_y(fuser._fuse(visible, infrared, None))[0, 0]


@pytest.mark.parametrize("name", network_names())
def test_network_gives_what_it_gave_when_it_was_checked_against_the_published_one(name: str, tmp_path: Path) -> None:
    with np.load(FILE) as recorded:
        if name not in recorded:
            pytest.skip(f"no record of {name}: python -m tests.golden.deep_networks.make")
        expected = torch.from_numpy(recorded[name])
    luma = luma_with_closed_form_weights(name, tmp_path)
    torch.testing.assert_close(luma, expected, atol=TOLERANCE * float(expected.std()), rtol=0)
