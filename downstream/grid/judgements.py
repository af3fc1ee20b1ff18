"""The datasets that a grid judges methods on: drawn pairs, or real ones with the tasks that they have labels for."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

from datasets.synthetic.settings import SyntheticSettings
from downstream.grid.settings import TASKS, TaskName, task_settings
from downstream.pairs import Pairs, laboratory_pairs, real_pairs
from downstream.plan import COST, Judgement
from suite.errors import SettingsError, UnknownName
from suite.settings import override


def laboratory(changes: Mapping[str, Any]) -> Pairs:
    """The synthetic laboratory with some settings changed (dotted keys)."""
    return laboratory_pairs(override(SyntheticSettings(), changes))


def judge_laboratory(pairs: Pairs, tasks: Sequence[TaskName], changes: Mapping[str, Any]) -> Judgement:
    """Tasks on drawn pairs.

    Args:
        pairs: From `laboratory`.
        tasks: Cost is no matter of a dataset and is left out.
        changes: Of `TaskSettings`, dotted keys.
    """
    return Judgement(
        pairs={task: pairs for task in tasks if task != COST}, settings=task_settings(laboratory=True, changes=changes)
    )


def judge_real(roots: Mapping[str, Path], tasks: Sequence[TaskName], changes: Mapping[str, Any]) -> list[Judgement]:
    """Tasks on real pairs; what a dataset has no labels for is left out, and said.

    Args:
        roots: Dataset name to folder.
        tasks: Cost is no matter of a dataset and is left out.
        changes: Of `TaskSettings`, dotted keys.

    Raises:
        UnknownName, SettingsError, DatasetError: see `datasets.registry.load_dataset`.
    """
    from datasets.registry import get_layout

    settings = task_settings(laboratory=False, changes=changes)
    judgements = []
    for name, root in roots.items():
        known = get_layout(name).tasks
        wanted: list[TaskName] = [task for task in tasks if task != COST]
        missing = [task for task in wanted if task not in known]
        if missing:
            print(f"{name} has no labels for {', '.join(missing)}: left out.", flush=True)
        pairs: dict[TaskName, Pairs] = {
            task: real_pairs(name, root, task) for task in wanted if task in known and task != COST
        }
        if pairs or not wanted:
            judgements.append(Judgement(pairs=pairs, settings=settings))
    if not judgements:
        raise SettingsError(f"none of {', '.join(roots)} has labels for {', '.join(tasks)}. Try --tasks quality.")
    return judgements


def check_tasks(tasks: Sequence[str], seeds: Sequence[int]) -> tuple[tuple[TaskName, ...], tuple[int, ...]]:
    """Tasks and seeds, each once.

    Raises:
        UnknownName: no such task.
        SettingsError: none, or a negative seed.
    """
    for task in tasks:
        if task not in TASKS:
            raise UnknownName("task", task, known=TASKS)
    if not tasks or not seeds or min(seeds) < 0:
        raise SettingsError(f"a grid needs at least one task and seeds of 0 or greater, got {tasks} and {seeds}")
    return tuple(task for task in TASKS if task in tasks), tuple(dict.fromkeys(seeds))
