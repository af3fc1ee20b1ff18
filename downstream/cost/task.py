"""The task "cost": parameters, operations, time and memory of a fuser per image, at several sizes, on this machine."""

from __future__ import annotations

import math
import platform
import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any, ClassVar

from datasets.base import Labels
from downstream.cost.quantities import QUANTITIES
from downstream.cost.settings import CostSettings, parse_sizes
from downstream.grid.cell import Cell, Place
from downstream.methods import Method
from downstream.pairs import Pairs
from downstream.task import Measured, Score, TaskCell
from suite.errors import SettingsError
from suite.records import Record, timed
from suite.rows import Quantity

if TYPE_CHECKING:
    from rich.table import Table

    from downstream.cost.probe import Cost

GIGA = 1e9
MEBI = 2**20


@dataclass(frozen=True, kw_only=True)
class CostCell(TaskCell):
    """Time and memory of one method on one kind of machine; alone, since anything beside it would be measured too."""

    kind: ClassVar[str] = "cost"
    exclusive: ClassVar[bool] = True
    labels: ClassVar[Labels | None] = None
    laboratory: ClassVar[Mapping[str, Any]] = {"sizes": ("256x320",)}
    quantities: ClassVar[Mapping[str, Quantity]] = QUANTITIES
    settings: CostSettings

    @classmethod
    def resolve(cls, settings: Any, methods: Sequence[Method], pairs: Pairs | None, place: Place) -> dict[str, Any]:
        """The hardware: times of another processor or GPU are another cell."""
        for method in methods:
            if method.train is None and method.spec.startswith("folder:"):
                raise SettingsError(f"{method.spec} only looks images up; there is nothing to measure. Leave it out.")
        return {"marks": {"hardware": describe_hardware(place.device), "device": place.device.partition(":")[0]}}

    @classmethod
    def tabulate(cls, records: Sequence[Record]) -> Table | None:
        """Milliseconds, operations and memory by size."""
        return cost_table(records)

    @property
    def workload(self) -> str:
        """Fuser, steps and sizes."""
        return f"cost {self.method.spec} {self.method.steps} {self.settings.sizes}"

    def needs(self) -> tuple[Cell, ...]:
        """The training, if there is one."""
        return self.method.needs()

    def measure(self, place: Place, seconds: dict[str, float]) -> Measured:
        """Measure every size in a process of its own."""
        from downstream.cost.probe import Request, default_memory_limit, measure_cost
        from suite.device import resolve_device

        chosen, device = self.settings, resolve_device(place.device)
        limit = chosen.memory_limit_gib or default_memory_limit()
        parameters = self.method.build(place).num_parameters
        known = math.nan if parameters is None else float(parameters)
        scores = [Score(metric="parameters", value=known, n=chosen.repeats)]
        notes = [f"Measured on {self.marks['hardware']}, {chosen.cpu_threads} threads."]
        for height, width in parse_sizes(chosen.sizes):
            size = f"{height}x{width}"
            request = Request(
                fuser=self.method.full_spec(place.workdir),
                max_memory_gib=self.method.max_memory_gib,
                height=height,
                width=width,
                device=device,
                repeats=chosen.repeats,
                warmup=chosen.warmup,
                memory_limit_gib=limit,
                timeout_seconds=chosen.timeout_seconds,
                num_threads=chosen.cpu_threads,
            )
            with timed(seconds, size):
                cost = measure_cost(request)
            if cost.failure:
                most = f"{limit:.1f} GiB" if cost.failure == "out of memory" else f"{chosen.timeout_seconds:g} s"
                notes.append(f"{cost.failure} at {size} (limit {most})")
            scores += _scores(size, cost, chosen.repeats)
        return Measured(scores=scores, notes=tuple(notes))


def _scores(size: str, cost: Cost, repeats: int) -> list[Score]:
    """A failed size stays in the table: its scores are nan, and `failed` says so."""
    values = {
        "ms": cost.milliseconds,
        "flops": cost.flops,
        "peak_memory": cost.peak_memory,
        "failed": float(bool(cost.failure)),
    }
    return [Score(metric=f"{stem}/{size}", value=value, n=repeats) for stem, value in values.items()]


def describe_hardware(device: str) -> str:
    """The processor or GPU that times are measured on."""
    if device.startswith("cuda"):
        import torch

        return str(torch.cuda.get_device_name(device))
    info = Path("/proc/cpuinfo")
    if info.is_file():
        found = re.search(r"^model name\s*:\s*(.+)$", info.read_text(encoding="utf-8"), re.MULTILINE)
        if found:
            return found[1].strip()
    return platform.processor() or platform.machine()


def cost_table(records: Sequence[Record]) -> Table:
    """One line per fuser; a size that failed names its reason."""
    from rich.table import Table

    sizes = [row.metric.removeprefix("ms/") for row in records[0].rows if row.metric.startswith("ms/")]
    heads = [f"{what} {size}" for size in sizes for what in ("ms", "GFLOP", "MiB")]
    table = Table(
        "fuser", "parameters", *heads, title=f"cost of one image on {records[0].settings['marks']['hardware']}"
    )
    for record in records:
        values = {row.metric: row.value for row in record.rows}
        cells = [_number(values["parameters"], 1, ",.0f")]
        for size in sizes:
            if values[f"failed/{size}"]:
                failure = next(note for note in record.notes if f" at {size} " in note)
                cells += [failure.partition(" at ")[0], "-", "-"]
                continue
            cells.append(f"{values[f'ms/{size}']:.1f}")
            cells.append(_number(values[f"flops/{size}"], GIGA, ".1f"))
            cells.append(_number(values[f"peak_memory/{size}"], MEBI, ".0f"))
        table.add_row(record.rows[0].fuser, *cells)
    return table


def _number(value: float, unit: float, shape: str) -> str:
    return "-" if math.isnan(value) else format(value / unit, shape)
