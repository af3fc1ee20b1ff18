"""Fixtures that every test may use."""

from __future__ import annotations

import os
import sys
from pathlib import Path

import pytest
import torch

REPOSITORY = Path(__file__).resolve().parent.parent
# importlib mode leaves sys.path alone; contract classes are imported as tests.contracts.<name>.
sys.path.insert(0, str(REPOSITORY))


@pytest.fixture(scope="session")
def shared() -> Path:
    """The folder of real pairs, published weights and golden numbers; tests that need it skip where it is absent."""
    folder = Path(os.environ.get("DIFFIF_SHARED", REPOSITORY.parent / "shared"))
    if not folder.is_dir():
        pytest.skip(f"no shared data at {folder}; set DIFFIF_SHARED")
    return folder.resolve()


@pytest.fixture
def generator() -> torch.Generator:
    """A seeded source of randomness."""
    return torch.Generator().manual_seed(0)


@pytest.fixture(scope="session", autouse=True)
def _one_thread() -> None:
    # Tests run in several processes; threads inside each would only get in each other's way.
    torch.set_num_threads(1)
