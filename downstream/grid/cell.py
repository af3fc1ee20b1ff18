"""A cell: one piece of work that is a pure function of its settings, and so has an id before it is computed.

Write one's own as a frozen dataclass that derives from `Cell`; a worker process builds it again from plain data, so its
fields are those that `suite.settings` can read, other cells included.
"""

from __future__ import annotations

import dataclasses
import sys
from abc import ABC, abstractmethod
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path
from typing import Any, ClassVar

from suite.errors import SettingsError
from suite.outside import import_subclass
from suite.records import SCHEMA_VERSION, cell_dir
from suite.settings import fingerprint, from_mapping, to_mapping

NOT_IDENTITY: Mapping[str, bool] = {"identity": False}
"""`field(metadata=NOT_IDENTITY)`: a field that says where or under what name the work is done, not what it is."""

IDENTITY_IF_SET: Mapping[str, str] = {"identity": "if set"}
"""Likewise for a field that came later: at its default it is left out of the id, so that older cells keep theirs."""

LAYOUT_VERSION = 2
"""Raised whenever the same settings would be computed differently, so that old cells are not taken for current."""


@dataclass(frozen=True, kw_only=True)
class Place:
    """Where a cell is computed; nothing here changes its numbers."""

    workdir: Path
    device: str = "cpu"
    """"cpu", "cuda" or "auto"."""
    threads: int = 1
    """CPU threads of the cell's process."""
    command: str = ""
    """The command that reproduces the cell, for its record."""


@dataclass(frozen=True, kw_only=True)
class Cell(ABC):
    """One piece of work."""

    kind: ClassVar[str]
    """First part of the cell id and of the title."""
    uses_gpu: ClassVar[bool] = True
    """Whether the work is faster on a GPU, where there is one."""
    exclusive: ClassVar[bool] = False
    """Whether nothing else may run beside it, since it measures time."""

    @cached_property
    def cell_id(self) -> str:
        """`<kind>-<hash>` of everything that determines the result."""
        return f"{self.kind}-{fingerprint(identity(self))}"

    @property
    @abstractmethod
    def title(self) -> str:
        """What a person calls it, for example "detect/synthetic/no-prior/seed1"; `--only` matches it."""

    @property
    def workload(self) -> str:
        """Cells of the same workload take about the same time."""
        return self.kind

    @property
    def memory_gib(self) -> float:
        """Rough main memory of the cell's process; decides how many cells fit on a machine."""
        return 0.5

    def folder(self, workdir: Path) -> Path:
        """Everything about the cell: request, log, attempts, what it leaves behind."""
        return cell_dir(workdir, self.cell_id)

    def needs(self) -> tuple[Cell, ...]:
        """The cells that must be done before."""
        return ()

    @abstractmethod
    def run(self, place: Place) -> tuple[Path, ...]:
        """Compute; called in a process of its own, possibly after an earlier attempt was killed at any moment.

        Returns:
            Files or folders below `place.workdir`; the cell counts as done as long as they exist. The record of a
            published cell, `result.json`, says by itself that it is done.
        """


def identity(value: object) -> Any:
    """Plain data of a cell without the fields marked `NOT_IDENTITY`, or `IDENTITY_IF_SET` and not set, at any depth."""
    if dataclasses.is_dataclass(value) and not isinstance(value, type):
        fields = {
            field.name: identity(getattr(value, field.name))
            for field in dataclasses.fields(value)
            if _identifies(field, value)
        }
        return (
            {"kind": value.kind, "version": f"{LAYOUT_VERSION}.{SCHEMA_VERSION}", **fields}
            if isinstance(value, Cell)
            else fields
        )
    if isinstance(value, Mapping):
        return {str(key): identity(item) for key, item in value.items()}
    if isinstance(value, list | tuple):
        return [identity(item) for item in value]
    return str(value) if isinstance(value, Path) else value


def _identifies(field: dataclasses.Field[Any], owner: Any) -> bool:
    rule = field.metadata.get("identity", True)
    if rule == IDENTITY_IF_SET["identity"]:
        return bool(getattr(owner, field.name) != field.default)
    return bool(rule)


def with_needs(cells: Iterable[Cell]) -> dict[str, Cell]:
    """The cells and everything that they need, each once and after what it needs, by cell id.

    Raises:
        SettingsError: a cell needs itself.
    """
    ordered: dict[str, Cell] = {}
    open_ids: list[str] = []

    def visit(cell: Cell) -> None:
        key = cell.cell_id
        if key in ordered:
            return
        if key in open_ids:
            raise SettingsError(f"cells need each other in a circle: {' -> '.join([*open_ids, key])}")
        open_ids.append(key)
        for needed in cell.needs():
            visit(needed)
        open_ids.pop()
        ordered[key] = cell

    for cell in cells:
        visit(cell)
    return ordered


def to_request(cell: Cell, place: Place) -> dict[str, Any]:
    """A cell and its place as plain data for a worker process.

    Raises:
        SettingsError: the cell's class is defined in a script, where no worker can import it from.
    """
    cls = type(cell)
    module = cls.__module__
    if module == "__main__":
        spec = sys.modules["__main__"].__spec__
        if spec is None:
            raise SettingsError(f"workers cannot import {cls.__qualname__} from a script; define it in a module.")
        module = spec.name
    return {"cell": f"{module}:{cls.__qualname__}", "settings": to_mapping(cell), "place": to_mapping(place)}


def from_request(request: Mapping[str, Any]) -> tuple[Cell, Place]:
    """What `to_request` wrote.

    Raises:
        SettingsError: the class cannot be imported, or is no cell.
    """
    cls = import_subclass(str(request["cell"]), Cell, "the cell")
    return from_mapping(cls, request["settings"]), from_mapping(Place, request["place"])
