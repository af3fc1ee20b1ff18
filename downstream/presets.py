"""Published protocols by name: settings that pin network, start, size, epochs and protocol, and their source."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import yaml

from suite.errors import UnknownName

HOUSES = Path(__file__).resolve().parent


@dataclass(frozen=True, kw_only=True)
class Preset:
    """One published protocol."""

    name: str
    """As after --preset."""
    title: str
    source: str
    """Where the protocol is published."""
    not_stated: str
    """What the source does not say, and was chosen here."""
    dataset: str
    """The dataset that the source used; another may be chosen."""
    settings: Mapping[str, Any]
    """Of the task, by field; everything else keeps its default."""

    @property
    def note(self) -> str:
        """For records and the console."""
        return f"preset {self.name}: {self.title}. Source: {self.source}. Not stated there: {self.not_stated}."


def preset_names(task: str) -> tuple[str, ...]:
    """The presets of a task."""
    return tuple(sorted(path.stem for path in (HOUSES / task / "presets").glob("*.yaml")))


def load_preset(task: str, name: str) -> Preset:
    """A preset of a task.

    Raises:
        UnknownName: there is none of that name.
    """
    if name not in preset_names(task):
        raise UnknownName("preset", name, known=preset_names(task))
    content = yaml.safe_load((HOUSES / task / "presets" / f"{name}.yaml").read_text(encoding="utf-8"))
    return Preset(name=name, **content)
