"""Many fusers on many datasets by many tasks, as one grid that survives anything.

python -m downstream.compare --fusers visible infrared average diffif --datasets msrs=DIR tno=DIR --tasks quality
python -m downstream.compare --fusers average diffif                      the synthetic laboratory
"""

from __future__ import annotations

import sys
from collections.abc import Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

from downstream.command import LABORATORY_THREADS, exit_status
from downstream.options import CLEAN, CorruptionOptions, ExecutionOptions, FuserOptions, check_seeds
from suite.command import run_command
from suite.errors import SettingsError
from suite.options import Argument

if TYPE_CHECKING:
    from downstream.grid.cell import Cell, Place

DESCRIPTION = """Which fuser serves its user best?

Every fuser is judged by every task on every dataset and seed; the report compares them. Each number is one cell,
computed once: the same command resumes after any interruption, and several machines may share the working folder.
Without --datasets it draws the synthetic laboratory.

Examples:
  python -m downstream.compare --fusers visible infrared average diffif --tasks quality detect --dry-run
  python -m downstream.compare --fusers average diffif --datasets msrs=MSRS llvip=LLVIP --seeds 0 1 2
  python -m downstream.compare --fusers average diffif --set detect.epochs=50 --only 'detect/*' --retry-failed"""


@dataclass(frozen=True, kw_only=True)
class CompareCommand:
    """Many fusers on many datasets by many tasks."""

    fusers: Annotated[FuserOptions, Argument(group=True)] = field(default_factory=FuserOptions)
    datasets: Annotated[dict[str, Path], Argument(metavar="NAME=ROOT")] = field(default_factory=dict)
    """Real pairs: msrs=DIR llvip=DIR."""
    synthetic: dict[str, Any] = field(default_factory=dict)
    """Settings of the synthetic laboratory: num_train=480 ..."""
    tasks: Annotated[tuple[str, ...], Argument(metavar="TASK")] = ("quality",)
    """quality, detect, segment, cost; video on folders of clips."""
    seeds: tuple[int, ...] = (0,)
    """Of the trainings."""
    set: dict[str, Any] = field(default_factory=dict)
    """Settings of the tasks: detect.epochs=50 segment.crop=256 quality.limit=20 ..."""
    corruption: Annotated[CorruptionOptions, Argument(group=True)] = CLEAN
    execution: Annotated[ExecutionOptions, Argument(group=True)] = field(default_factory=ExecutionOptions)

    def __post_init__(self) -> None:
        if self.datasets and self.synthetic:
            raise SettingsError("--synthetic sets up the synthetic laboratory; leave --datasets out.")


def main(argv: Sequence[str] | None = None) -> int:
    """Run the command; see --help."""
    words = sys.argv[1:] if argv is None else list(argv)

    def body() -> int:
        from suite.command_line import parse_settings

        prog = "python -m downstream.compare"
        return compare(parse_settings(CompareCommand, words, prog=prog, description=DESCRIPTION), words)

    return run_command(body, debug="--debug" in words)


def compare(command: CompareCommand, words: Sequence[str]) -> int:
    """Plan every cell and compute them; returns the exit status."""
    from downstream.grid.execution import execute, start_place

    place = start_place(command.execution)
    cells = comparison_cells(command, place)
    threads = None if command.datasets else LABORATORY_THREADS
    done = execute(cells, command.execution, place, module="downstream.compare", words=words, threads=threads)
    return exit_status(done, command.execution)


def comparison_cells(command: CompareCommand, place: Place) -> list[Cell]:
    """The cells that a command asks for.

    Raises:
        BenchError: anything that is not there, or not usable; before any work.
    """
    from downstream.plan import check_roots, find_methods, plan_cells, plan_studies

    check_seeds(command.seeds)
    studies = plan_studies(
        command.tasks, command.set, roots=check_roots(command.datasets, "--datasets"), synthetic=command.synthetic
    )
    methods = find_methods(command.fusers.fuser, command.fusers.max_memory)
    return [
        cell
        for study in studies
        for cell in plan_cells(
            study, methods, command.seeds, place, batch=command.fusers.fuse_batch, corruption=command.corruption
        )
    ]


if __name__ == "__main__":
    sys.exit(main())
