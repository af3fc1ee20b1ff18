"""Task names and the cells that compute them, in the order in which they are shown; resolved when asked."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from downstream.task import TaskCell
from suite.errors import UnknownName
from suite.outside import import_subclass
from suite.settings import from_mapping

TASKS = {
    "quality": "downstream.quality.task:QualityCell",
    "detect": "downstream.detect.task:DetectCell",
    "segment": "downstream.segment.task:SegmentCell",
    "video": "downstream.video.task:VideoCell",
    "cost": "downstream.cost.task:CostCell",
}


def get_task(name: str) -> type[TaskCell]:
    """The class behind a table name or behind package.module:Class.

    Raises:
        UnknownName: not in the table; suggests the nearest.
        SettingsError: package.module:Class that cannot be imported, or is no task.
    """
    if name not in TASKS and ":" not in name:
        raise UnknownName("task", name, known=TASKS, hint="Own tasks: package.module:Class.")
    return import_subclass(TASKS.get(name, name), TaskCell, "the task")


def task_settings(task: type[TaskCell], changes: Mapping[str, Any], *, laboratory: bool) -> Any:
    """The settings of a task with changes.

    Args:
        task: From `get_task`.
        changes: Field to value, for example {"epochs": 30}; text is converted.
        laboratory: Whether the pairs are drawn, for which a task has defaults of its own.

    Raises:
        UnknownName, SettingsError: see `suite.settings.from_mapping`.
    """
    start = task.laboratory if laboratory else {}
    return from_mapping(task.settings_type(), {**start, **changes}, where=f"{task.kind}.")


def split_changes(changes: Mapping[str, Any], tasks: Mapping[str, type[TaskCell]]) -> dict[str, dict[str, Any]]:
    """`{"detect.epochs": 3}` by task: `{"detect": {"epochs": 3}}`.

    Raises:
        UnknownName: a key that does not begin with the name of a task.
    """
    found: dict[str, dict[str, Any]] = {name: {} for name in (*TASKS, *tasks)}
    for key, value in changes.items():
        section, dot, rest = key.partition(".")
        if not dot or section not in found:
            raise UnknownName("task of a setting", section, known=found, hint="Write TASK.KEY=VALUE.")
        found[section][rest] = value
    return found
