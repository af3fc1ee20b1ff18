"""Fixtures that every test may use."""

from __future__ import annotations

import os
import sys
from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest
import torch

from datasets.base import Boxes, Labels, MaskPath, PairedDataset, Sample
from datasets.images import write_image

MakeLabelledPairs = Callable[..., PairedDataset]

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


@pytest.fixture
def make_labelled_pairs(tmp_path: Path) -> MakeLabelledPairs:
    """Write `count` random pairs of one size and return them as a dataset."""

    def make(
        count: int = 5, *, size: tuple[int, int] = (24, 32), task: Labels = "detect", split: str = "test", seed: int = 0
    ) -> PairedDataset:
        generator = np.random.default_rng(seed)
        root = tmp_path / f"pairs-{split}-{task}-{seed}"
        samples = []
        for index in range(count):
            name = f"{index:06d}"
            visible, infrared = root / "visible" / f"{name}.png", root / "infrared" / f"{name}.png"
            write_image(visible, generator.integers(0, 256, (*size, 3), dtype=np.uint8))
            write_image(infrared, generator.integers(0, 256, size, dtype=np.uint8))
            target: Boxes | MaskPath | None = None
            if task == "detect":
                target = Boxes(xyxy=((2.0, 4.0, 10.0, 20.0),), labels=(0,), evidence=("both",))
            elif task == "segment":
                mask = root / "label" / f"{name}.png"
                write_image(mask, generator.integers(0, 3, size, dtype=np.uint8))
                target = MaskPath(path=mask)
            samples.append(Sample(id=name, visible=visible, infrared=infrared, target=target))
        return PairedDataset(
            name="tiny", split=split, task=task, classes=("person", "car", "sky"), root=root, samples=tuple(samples)
        )

    return make
