"""The command of a single task: a grid of a few cells, planned, checked and computed like any other."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Annotated, Any, TypeVar

from downstream.options import CLEAN, CorruptionOptions, DataOptions, ExecutionOptions, FuserOptions, check_seeds
from suite.command import given_words, run_command
from suite.errors import SettingsError
from suite.options import Argument

if TYPE_CHECKING:
    from downstream.grid.runner import GridProgress

LABORATORY_SEEDS = (0, 1, 2)
"""One training cannot tell a method from the luck of that training."""
HELP_WORDS = ("-h", "--help", "--print_config")
LABORATORY_THREADS = 1
"""Other numbers of threads give other last digits: the numbers of the laboratory must hold for any number of cores."""


@dataclass(frozen=True, kw_only=True)
class TaskCommand:
    """What every task's command takes; its own dataclass adds `settings`, and `seeds` where it trains something."""

    fusers: Annotated[FuserOptions, Argument(group=True)] = field(default_factory=FuserOptions)
    data: Annotated[DataOptions, Argument(group=True)] = field(default_factory=DataOptions)
    corruption: Annotated[CorruptionOptions, Argument(group=True)] = CLEAN
    execution: Annotated[ExecutionOptions, Argument(group=True)] = field(default_factory=ExecutionOptions)
    if TYPE_CHECKING:
        settings: Any


C = TypeVar("C", bound=TaskCommand)


def run_task_command(task: str, command: type[C], argv: Sequence[str] | None, *, description: str) -> int:
    """Run a task's command line; returns the exit status.

    Args:
        task: Its name in `downstream.tasks`.
        command: Its options.
        argv: What follows the command's name; None: as the process was started.
        description: Shown by --help above the options.
    """
    words = given_words(argv)

    def body() -> int:
        chosen = parse_command(task, command, words, description=description)
        return exit_status(compute(task, chosen, words), chosen.execution)

    return run_command(body, debug="--debug" in words)


def parse_command(task: str, command: type[C], words: Sequence[str], *, description: str = "") -> C:
    """The options of a task's command line; presets and drawn pairs bring defaults of their own.

    Raises:
        UnknownName, SettingsError: see `suite.command_line.parse_settings`.
    """
    from suite.command_line import given_options, parse_settings

    asks_help = any(word.partition("=")[0] in HELP_WORDS for word in words)
    base = {} if asks_help else _defaults(task, command, given_options(command, words))
    return parse_settings(command, words, prog=f"python -m downstream.{task}", description=description, base=base)


def _defaults(task: str, command: type[TaskCommand], given: Mapping[str, Any]) -> dict[str, Any]:
    """Defaults that follow from what was given: those of a preset, or those of the laboratory."""
    from downstream.tasks import get_task

    base: dict[str, Any] = {}
    if given.get("preset"):
        from downstream.presets import load_preset

        preset = load_preset(task, given["preset"])
        print(preset.note, flush=True)
        base = dict(preset.settings)
        if not given.get("synthetic"):
            base["dataset"] = preset.dataset
    elif not given.get("dataset"):
        base = dict(get_task(task).laboratory)
        if hasattr(command, "seeds"):
            base["seeds"] = list(LABORATORY_SEEDS)
    return base


def compute(task: str, command: TaskCommand, words: Sequence[str]) -> GridProgress:
    """Plan the cells of one task and compute them; returns what became of them.

    Args:
        task: Its name in `downstream.tasks`.
        command: What to do; `settings` and `seeds` are the task's own.
        words: The command line, for the records.
    """
    from downstream.grid.execution import execute, start_place
    from downstream.plan import find_methods, laboratory, plan_cells, study_on
    from downstream.tasks import get_task

    seeds: tuple[int, ...] = getattr(command, "seeds", (0,))
    check_seeds(seeds)
    place = start_place(command.execution)
    data, fusers = command.data, command.fusers
    drawn = None if data.dataset else laboratory(data.synthetic)
    if get_task(task).labels is None and command.corruption != CLEAN:
        raise SettingsError(f"{task} measures random images; --corrupt would change nothing. Leave it out.")
    if command.corruption.corrupt_training and "train" not in get_task(task).reads(command.settings):
        raise SettingsError(f"--corrupt-training: {task} with these settings trains nothing. Leave it out.")
    study = study_on(get_task(task), command.settings, drawn=drawn, name=data.spec, root=data.root)
    methods = find_methods(fusers.fuser, fusers.max_memory)
    cells = plan_cells(study, methods, seeds, place, batch=fusers.fuse_batch, corruption=command.corruption)
    if study.pairs is not None and study.pairs.synthetic is not None:
        announce_laboratory(study.pairs.synthetic)
    threads = None if data.dataset else LABORATORY_THREADS
    return execute(cells, command.execution, place, module=f"downstream.{task}", words=words, threads=threads)


def exit_status(progress: GridProgress, options: ExecutionOptions) -> int:
    """0 where every cell is done, or nothing was to be computed; otherwise 1."""
    return 0 if options.dry_run or progress.succeeded else 1


def announce_laboratory(settings: Any) -> None:
    """Say that the numbers to come are those of drawn scenes."""
    counts = ", ".join(f"{settings.count(split)} {split}" for split in ("train", "val", "test"))
    print(
        f"No --dataset given: using the synthetic laboratory ({counts} pairs), drawn scenes whose evidence per "
        "modality is known. Real pairs: --dataset llvip --root DIR.",
        flush=True,
    )
