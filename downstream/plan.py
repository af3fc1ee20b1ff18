"""From what a user asks for to the cells of a grid; every name, file and setting is checked here, before any work."""

from __future__ import annotations

import hashlib
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from fnmatch import fnmatch
from pathlib import Path
from typing import Any

from downstream.ablate.training_cells import Candidate
from downstream.detect.settings import FROZEN_MODEL
from downstream.grid.cell import Cell
from downstream.grid.settings import TaskName, TaskSettings
from downstream.grid.task_cells import CostCell, DetectCell, QualityCell, SegmentCell
from downstream.methods import Method
from downstream.pairs import Pairs
from suite.errors import SettingsError

COST: TaskName = "cost"


@dataclass(frozen=True, kw_only=True)
class Judgement:
    """One dataset, with the tasks and settings that methods are judged by on it."""

    pairs: Mapping[TaskName, Pairs]
    """By task; the tasks to run, without cost."""
    settings: TaskSettings


def task_cells(judgement: Judgement, method: Method, seeds: Sequence[int], workdir: Path) -> list[Cell]:
    """What all tasks say about one method on one dataset.

    Args:
        judgement: Dataset, tasks, settings.
        method: A trained method brings its own seed, and the tasks take the same one.
        seeds: For methods that bring none.
        workdir: Where weights are looked for.
    """
    settings, cells = judgement.settings, list[Cell]()
    used = (method.train.recipe.seed,) if method.train else tuple(seeds)
    for task, pairs in judgement.pairs.items():
        if task == "quality":
            cells.append(QualityCell(pairs=pairs, method=method, settings=settings.quality, batch=settings.fuse_batch))
        elif task == "detect":
            # Nothing is trained when given weights judge: one judgement is enough.
            fixed = settings.detect.frozen_on == FROZEN_MODEL
            cells += [
                DetectCell(
                    pairs=pairs,
                    method=method,
                    settings=settings.detect,
                    weights=file_mark(settings.detect.model, workdir / "weights"),
                    teacher=_teacher(settings.detect.frozen_on, method),
                    seed=seed,
                    batch=settings.fuse_batch,
                )
                for seed in (used[:1] if fixed else used)
            ]
        elif task == "segment":
            cells += [
                SegmentCell(
                    pairs=pairs,
                    method=method,
                    settings=settings.segment,
                    weights=file_mark(settings.segment.encoder_weights),
                    teacher=_teacher(settings.segment.frozen_on, method),
                    seed=seed,
                    batch=settings.fuse_batch,
                )
                for seed in used
            ]
    return cells


def cost_cell(method: Method, settings: TaskSettings, device: str) -> CostCell:
    """Time and memory of one method on this machine."""
    from downstream.cost.__main__ import describe_hardware, parse_sizes

    parse_sizes(settings.cost.sizes)
    return CostCell(method=method, settings=settings.cost, hardware=describe_hardware(device))


def ready_method(spec: str) -> Method:
    """A fuser that needs no training here.

    Raises:
        UnknownName, SettingsError, WeightsError, CheckpointError: see `diffif.fusers.registry.build_fuser`.
    """
    from diffif.fusers.registry import build_fuser

    return Method(spec=spec, fingerprint=build_fuser(spec).fingerprint)


def candidates(specs: Sequence[str]) -> tuple[Candidate, ...]:
    """A pool of fusers, each ready to work.

    Raises:
        SettingsError: none, or one named twice.
    """
    if not specs or len(set(specs)) != len(specs):
        raise SettingsError(f"a pool needs at least one fuser and each only once, got: {', '.join(specs) or 'none'}")
    return tuple(Candidate(spec=spec, fingerprint=ready_method(spec).fingerprint) for spec in specs)


def select(cells: Sequence[Cell], patterns: Sequence[str]) -> list[Cell]:
    """The cells whose title or id matches one of the globs; all where there is none.

    Raises:
        SettingsError: nothing matches; shows some titles.
    """
    if not patterns:
        return list(cells)
    found = [c for c in cells if any(fnmatch(c.title, p) or fnmatch(c.cell_id, p) for p in patterns)]
    if not found:
        titles = ", ".join(cell.title for cell in cells[:5])
        raise SettingsError(f"--only {' '.join(patterns)} matches no cell. Cells are called {titles} ... (--dry-run)")
    return found


def flat_changes(mapping: Mapping[str, Any], prefix: str = "") -> dict[str, Any]:
    """Nested settings as dotted ones, so that they change defaults key by key.

    >>> flat_changes({"detect": {"epochs": 3}, "tasks": ["detect"]})
    {'detect.epochs': 3, 'tasks': ['detect']}
    """
    flat: dict[str, Any] = {}
    for key, value in mapping.items():
        name = f"{prefix}{key}"
        flat |= flat_changes(value, f"{name}.") if isinstance(value, Mapping) else {name: value}
    return flat


def file_mark(name: str, *folders: Path) -> str:
    """Hash of the file that is called `name` here or in one of the folders; empty where it is no file."""
    for path in (Path(name), *(folder / name for folder in folders)):
        if path.is_file():
            with path.open("rb") as opened:
                return hashlib.file_digest(opened, "sha256").hexdigest()[:12]
    return ""


def _teacher(frozen_on: str, method: Method) -> Method | None:
    if frozen_on in ("", FROZEN_MODEL):
        return None
    if method.train and frozen_on == method.spec:
        raise SettingsError(
            f"frozen_on: {frozen_on} is what this grid varies, so it cannot judge. Choose another fuser: visible, "
            "infrared, average ..., or other settings of it: diffif@steps=2."
        )
    return method if frozen_on == method.spec else ready_method(frozen_on)
