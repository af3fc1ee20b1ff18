"""Tiny datasets on disk, and a miniature laboratory, for the tests of the downstream tasks."""

from __future__ import annotations

import contextlib
import os
import signal
import subprocess
import sys
from collections.abc import Callable, Iterator
from pathlib import Path

import numpy as np
import pytest

from datasets.base import Boxes, MaskPath, PairedDataset, Sample, Task
from datasets.images import write_image

MakePairs = Callable[..., PairedDataset]
StartRunner = Callable[..., "subprocess.Popen[bytes]"]
REPOSITORY = Path(__file__).resolve().parents[2]


@pytest.fixture
def worker_path(monkeypatch: pytest.MonkeyPatch) -> None:
    """Worker processes of a grid can import the cells that the tests define."""
    monkeypatch.setenv("PYTHONPATH", os.pathsep.join([str(REPOSITORY), os.environ.get("PYTHONPATH", "")]))


@pytest.fixture
def start_runner(worker_path: None) -> Iterator[StartRunner]:
    """Start `python -m MODULE ARGUMENTS` in a process group of its own; whatever of it is left at the end is killed."""
    runners: list[subprocess.Popen[bytes]] = []

    def start(module: str, *arguments: str) -> subprocess.Popen[bytes]:
        runners.append(subprocess.Popen([sys.executable, "-m", module, *arguments], start_new_session=True))
        return runners[-1]

    yield start
    for runner in runners:
        kill_group(runner)


def kill_group(runner: subprocess.Popen[bytes]) -> None:
    """The runner and all its workers at once, as when a machine goes down."""
    # The group may have ended by itself.
    with contextlib.suppress(ProcessLookupError):
        os.killpg(runner.pid, signal.SIGKILL)
    runner.wait()


@pytest.fixture
def make_pairs(tmp_path: Path) -> MakePairs:
    """Write `count` random pairs of one size and return them as a dataset."""

    def make(
        count: int = 5, *, size: tuple[int, int] = (24, 32), task: Task = "detect", split: str = "test", seed: int = 0
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
