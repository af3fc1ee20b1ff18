"""A task in one call: the same cells as its command, and their numbers as a table."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from os import PathLike
from typing import TYPE_CHECKING, Any

from downstream.command import TaskCommand, compute, parse_command
from downstream.grid.runner import State
from suite.errors import ResultError, UnknownName
from suite.outside import import_named
from suite.records import read_record, record_dirs, rows_table

if TYPE_CHECKING:
    import pandas as pd

COMMANDS = {
    "quality": "downstream.quality.__main__:QualityCommand",
    "detect": "downstream.detect.__main__:DetectCommand",
    "segment": "downstream.segment.__main__:SegmentCommand",
    "video": "downstream.video.__main__:VideoCommand",
    "cost": "downstream.cost.__main__:CostCommand",
}


def run_task(
    task: str,
    fusers: Sequence[str] = ("diffif",),
    dataset: str = "",
    root: str | PathLike[str] | None = None,
    *,
    workdir: str | PathLike[str] = "runs",
    report: bool = False,
    **options: Any,
) -> pd.DataFrame:
    """Compute a task for some fusers, or take what is finished, and return its numbers.

    Args:
        task: "quality", "detect", "segment", "video" or "cost".
        fusers: As after --fuser.
        dataset: As after --dataset; empty: the synthetic laboratory.
        root: Where the dataset lies.
        workdir: Folder of pairs, fused images, trainings and results; a repeated call resumes.
        report: Whether to write the report, too.
        options: Of the command, by name: seeds=(0, 1, 2), epochs=30, synthetic={"num_train": 48}, jobs=2 ...

    Returns:
        One line per number of the cells asked for: the fields of `suite.records.Row`, and `cell`.

    Raises:
        UnknownName: no such task or option.
        ResultError: a cell failed; says where its log is.
        BenchError: what the command would print before any work.
    """
    if task not in COMMANDS:
        raise UnknownName("task", task, known=COMMANDS)
    words = ["--fuser", *fusers, "--workdir", str(workdir), *([] if report else ["--no-report"])]
    if dataset:
        words += ["--dataset", dataset, *([] if root is None else ["--root", str(root)])]
    for name, value in options.items():
        words += _option(name, value)
    command: type[TaskCommand] = import_named(COMMANDS[task], "the command")
    chosen = parse_command(task, command, words)
    finished = compute(task, chosen, words)
    if not finished.succeeded:
        failed = finished.ids(State.FAILED)
        reasons = "\n".join(f"  {finished.cells[key].title}: {finished.messages.get(key, '')}" for key in failed)
        number = "1 cell" if len(failed) == 1 else f"{len(failed)} cells"
        raise ResultError(f"{number} of the task {task} failed:\n{reasons}\nLogs: {workdir}/cells")
    wanted = [folder for folder in record_dirs(chosen.execution.workdir) if folder.name in finished.cells]
    return rows_table([read_record(folder) for folder in wanted])


def _option(name: str, value: Any) -> list[str]:
    flag = f"--{name.replace('_', '-')}"
    if isinstance(value, bool):
        return [flag] if value else []
    if isinstance(value, Mapping):
        return [flag, *(f"{key}={one}" for key, one in value.items())]
    if isinstance(value, Sequence) and not isinstance(value, str):
        return [flag, *map(str, value)]
    return [flag, str(value)]
