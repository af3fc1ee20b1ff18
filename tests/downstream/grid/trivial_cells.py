"""Cells that take no time and need no data, and a runner of its own process: what the tests of the engine compute."""

from __future__ import annotations

import os
import signal
import sys
import time
from dataclasses import dataclass, field
from pathlib import Path
from typing import ClassVar

from downstream.grid.cell import NOT_IDENTITY, Cell, Place, with_needs
from downstream.grid.engines.engine import Slots
from downstream.grid.engines.local import LocalEngine
from downstream.grid.runner import run_grid
from downstream.grid.store import CellStore


@dataclass(frozen=True, kw_only=True)
class Number(Cell):
    """Writes its value into a file."""

    kind: ClassVar[str] = "number"
    value: int
    seconds: float = field(default=0.0, metadata=NOT_IDENTITY)

    @property
    def title(self) -> str:
        return f"number/{self.value}"

    def path(self, workdir: Path) -> Path:
        return workdir / "numbers" / f"{self.value}.txt"

    def run(self, place: Place) -> tuple[Path, ...]:
        time.sleep(self.seconds)
        path = self.path(place.workdir)
        path.parent.mkdir(exist_ok=True)
        path.write_text(str(self.value))
        print(f"wrote {self.value}")
        return (path,)


@dataclass(frozen=True, kw_only=True)
class Sum(Cell):
    """Adds up what others wrote."""

    kind: ClassVar[str] = "sum"
    parts: tuple[Number, ...]
    seconds: float = field(default=0.0, metadata=NOT_IDENTITY)

    @property
    def title(self) -> str:
        return f"sum/{'+'.join(str(part.value) for part in self.parts)}"

    def needs(self) -> tuple[Cell, ...]:
        return self.parts

    def run(self, place: Place) -> tuple[Path, ...]:
        time.sleep(self.seconds)
        total = sum(int(part.path(place.workdir).read_text()) for part in self.parts)
        path = place.workdir / f"{self.cell_id}.txt"
        path.write_text(str(total))
        return (path,)


@dataclass(frozen=True, kw_only=True)
class Fragile(Cell):
    """Fails until a file called "repaired" lies in the working folder."""

    kind: ClassVar[str] = "fragile"
    how: str = "error"

    @property
    def title(self) -> str:
        return f"fragile/{self.how}"

    def run(self, place: Place) -> tuple[Path, ...]:
        if not (place.workdir / "repaired").exists():
            print("about to break")
            if self.how == "killed":
                os.kill(os.getpid(), signal.SIGKILL)
            raise RuntimeError("this cell is broken")
        return ()


@dataclass(frozen=True, kw_only=True)
class AfterFragile(Cell):
    """Needs a cell that may fail."""

    kind: ClassVar[str] = "after"
    fragile: Fragile

    @property
    def title(self) -> str:
        return "after"

    def needs(self) -> tuple[Cell, ...]:
        return (self.fragile,)

    def run(self, place: Place) -> tuple[Path, ...]:
        return ()


@dataclass(frozen=True, kw_only=True)
class Clock(Cell):
    """Notes when it began and ended."""

    kind: ClassVar[str] = "clock"
    exclusive: ClassVar[bool] = True
    name: str

    @property
    def title(self) -> str:
        return f"clock/{self.name}"

    def run(self, place: Place) -> tuple[Path, ...]:
        began = time.time()
        time.sleep(0.3)
        path = place.workdir / f"clock-{self.name}.txt"
        path.write_text(f"{began} {time.time()}")
        return (path,)


@dataclass(frozen=True, kw_only=True)
class Environment(Cell):
    """Writes down the threads and GPUs that it was given."""

    kind: ClassVar[str] = "environment"
    name: str

    @property
    def title(self) -> str:
        return f"environment/{self.name}"

    def run(self, place: Place) -> tuple[Path, ...]:
        path = place.workdir / f"environment-{self.name}.txt"
        path.write_text(f"{os.environ['OMP_NUM_THREADS']} {os.environ['CUDA_VISIBLE_DEVICES']}")
        return (path,)


def small_grid(seconds: float) -> dict[str, Cell]:
    """Five numbers and two sums of them."""
    numbers = [Number(value=value, seconds=seconds) for value in range(1, 6)]
    sums = [Sum(parts=tuple(numbers[:3]), seconds=seconds), Sum(parts=tuple(numbers[2:]), seconds=seconds)]
    return with_needs(sums)


def main() -> int:
    """Compute the small grid in a working folder: WORKDIR SECONDS."""
    workdir = Path(sys.argv[1])
    progress = run_grid(
        small_grid(float(sys.argv[2])), CellStore(workdir), LocalEngine(Slots(jobs=2)), Place(workdir=workdir)
    )
    return 0 if progress.succeeded else 1


if __name__ == "__main__":
    sys.exit(main())
