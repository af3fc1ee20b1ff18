"""Cell ids, order, and the way through plain data to a worker and back."""

from __future__ import annotations

import json
from dataclasses import dataclass
from pathlib import Path
from typing import ClassVar

import pytest

from downstream.grid.cell import Cell, Place, from_request, to_request, with_needs
from suite.errors import SettingsError
from tests.downstream.grid.trivial_cells import Number, Sum


@dataclass(frozen=True, kw_only=True)
class Ouroboros(Cell):
    """Needs itself."""

    kind: ClassVar[str] = "ouroboros"

    @property
    def title(self) -> str:
        return "ouroboros"

    def needs(self) -> tuple[Cell, ...]:
        return (self,)

    def run(self, place: Place) -> tuple[Path, ...]:
        return ()


def test_the_id_follows_from_what_is_computed_and_not_from_where() -> None:
    assert Number(value=1).cell_id != Number(value=2).cell_id
    assert Number(value=1, seconds=5.0).cell_id == Number(value=1).cell_id
    inner = Sum(parts=(Number(value=1, seconds=5.0),))
    assert inner.cell_id == Sum(parts=(Number(value=1),)).cell_id
    assert inner.cell_id != Sum(parts=(Number(value=2),)).cell_id


def test_what_several_cells_need_comes_first_and_once() -> None:
    one, two, three = (Number(value=value) for value in (1, 2, 3))
    cells = with_needs([Sum(parts=(one, two)), Sum(parts=(two, three)), one])
    assert [cell.title for cell in cells.values()] == ["number/1", "number/2", "sum/1+2", "number/3", "sum/2+3"]


def test_cells_that_need_each_other_in_a_circle_are_refused() -> None:
    with pytest.raises(SettingsError, match="circle: ouroboros-"):
        with_needs([Ouroboros()])


def test_a_cell_survives_the_way_to_a_worker(tmp_path: Path) -> None:
    cell, place = Sum(parts=(Number(value=1), Number(value=2))), Place(workdir=tmp_path, threads=3, command="x")
    request = json.loads(json.dumps(to_request(cell, place)))
    assert from_request(request) == (cell, place)


def test_a_request_for_something_else_is_refused(tmp_path: Path) -> None:
    request = to_request(Number(value=1), Place(workdir=tmp_path))
    with pytest.raises(SettingsError, match="cannot import"):
        from_request({**request, "cell": "downstream.nowhere:Cell"})
    with pytest.raises(SettingsError, match="not a subclass"):
        from_request({**request, "cell": "pathlib:Path"})
