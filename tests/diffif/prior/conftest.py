"""A small pool over small pairs."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import pytest

from datasets.base import PairedDataset
from diffif.fusers.registry import build_fuser
from diffif.prior.candidates import Candidates, make_candidates

FUSERS = ("average", "max", "visible")
MakePool = Callable[..., list[Candidates]]


@pytest.fixture
def make_pool() -> MakePool:
    """Fuses a dataset by a few fusers."""

    def make(dataset: PairedDataset, out: Path, specs: tuple[str, ...] = FUSERS, **options: object) -> list[Candidates]:
        return make_candidates(dataset, [(spec, build_fuser(spec)) for spec in specs], out, **options)

    return make
