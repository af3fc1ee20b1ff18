"""From what a user asks for to the cells of a grid; every name, file and setting is checked here, before any work."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from fnmatch import fnmatch
from pathlib import Path
from typing import Any

from datasets.base import SPLITS
from datasets.synthetic.settings import SyntheticSettings
from downstream.grid.cell import Cell, Place
from downstream.methods import Method, check_imported, ready_method
from downstream.options import CLEAN, CorruptionOptions
from downstream.pairs import Pairs, laboratory_pairs, real_pairs
from downstream.task import TaskCell
from downstream.tasks import get_task, split_changes, task_settings
from suite.errors import SettingsError, UnknownName
from suite.outside import code_digest, is_outside
from suite.settings import override

ALL = "all"


@dataclass(frozen=True, kw_only=True)
class Study:
    """One task on one dataset."""

    task: type[TaskCell]
    settings: Any
    pairs: Pairs | None
    """None for a task that needs no dataset."""


def plan_cells(
    study: Study,
    methods: Iterable[Method],
    seeds: Sequence[int],
    place: Place,
    *,
    batch: int = 4,
    corruption: CorruptionOptions = CLEAN,
) -> list[TaskCell]:
    """What a task says about each method, on clean pairs and under every condition.

    Args:
        study: Task, settings, dataset.
        methods: A trained method brings its own seed, and the task takes the same one.
        seeds: For methods that bring none.
        place: Where files are looked for, and the device.
        batch: Pairs fused at once.
        corruption: What is done to the pairs, beside the clean ones.

    Raises:
        BenchError: something is missing, misspelled or does not fit; before any work.
    """
    task, settings, methods = study.task, study.settings, tuple(methods)
    fields = {"pairs": study.pairs, **task.resolve(settings, methods, study.pairs, place)}
    if is_outside(task):
        fields["marks"] = {**fields.get("marks", {}), "code": code_digest(task.__module__)}
    _check_imported(methods, fields, task.reads(settings))
    cells = []
    for method in methods:
        own = [method.seed] if method.train else list(seeds)
        for seed in own if task.repeats(settings) else [method.seed]:
            cells.append(task(method=method, settings=settings, seed=seed, batch=batch, **fields))
    return [*cells, *_corrupted(cells, corruption, task.reads(settings))]


def _corrupted(cells: Sequence[TaskCell], options: CorruptionOptions, reads: Sequence[str]) -> Iterator[TaskCell]:
    """The same cells under every condition.

    Raises:
        SettingsError: images from elsewhere, which nobody fuses again, or an image smaller than a shift.
    """
    if not options.conditions or not cells or cells[0].pairs is None:
        return
    split, pairs = cells[0].split, cells[0].pairs
    for cell in cells:
        if cell.method.train is None and cell.method.spec.startswith("folder:"):
            raise SettingsError(
                f"{cell.method.spec} holds images that were made from clean pairs; --corrupt needs a fuser that runs "
                "here. Leave the folder out."
            )
    _check_shifts(options, min((min(size) for size in pairs.outline(split).values()), default=0))
    training = [other for other in reads if other != split] if options.corrupt_training else []
    for condition in options.conditions:
        for cell in cells:
            assert cell.pairs is not None
            yield replace(cell, pairs=cell.pairs.under(condition, sorted({split, *training}, key=SPLITS.index)))


def _check_shifts(options: CorruptionOptions, smallest: int) -> None:
    for condition in options.conditions:
        for step in condition.steps:
            if step.kind == "shift" and step.severity >= smallest:
                raise SettingsError(
                    f"--corrupt {step.text}: the smallest image is {smallest} pixels high or wide; shift it by less."
                )


def _check_imported(methods: Sequence[Method], fields: Mapping[str, Any], splits: Sequence[str]) -> None:
    pairs, teacher = fields["pairs"], fields.get("teacher")
    if pairs is None:
        return
    if teacher is not None:
        check_imported(teacher, pairs, [split for split in splits if split != "test"])
        splits = ["test"]
    for method in methods:
        check_imported(method, pairs, splits)


LABORATORY: Mapping[str, Any] = {"height": 160, "width": 192, "num_train": 120, "num_val": 20}
"""What studies draw, where it differs from the defaults of `python -m datasets sample`: a study of several methods and
seeds ends in minutes on two CPU cores, and objects are still two to seven cells of a detector's finest grid high."""


def laboratory(changes: Mapping[str, Any]) -> Pairs:
    """The synthetic laboratory of studies with some settings changed (dotted keys)."""
    return laboratory_pairs(override(SyntheticSettings(), {**LABORATORY, **changes}))


def study_on(
    task: type[TaskCell], settings: Any, *, drawn: Pairs | None = None, name: str = "", root: Path | None = None
) -> Study:
    """A task on drawn pairs, or on real ones, which are checked for layout and labels now.

    Raises:
        UnknownName, SettingsError, DatasetError: see `datasets.registry.load_dataset`.
    """
    if task.labels is None:
        return Study(task=task, settings=settings, pairs=None)
    if drawn is not None:
        return Study(task=task, settings=settings, pairs=drawn)
    return Study(task=task, settings=settings, pairs=real_pairs(name, root, task.labels, task.reads(settings)))


def plan_studies(
    names: Sequence[str],
    changes: Mapping[str, Any],
    *,
    roots: Mapping[str, Path],
    synthetic: Mapping[str, Any],
) -> list[Study]:
    """Every task on every dataset that has its labels; what a dataset has no labels for is left out, and said.

    Args:
        names: Of tasks: of the table, or package.module:Class.
        changes: Of their settings, by the kind of their cells: {"detect.epochs": 3}.
        roots: Dataset name to folder; empty: the synthetic laboratory.
        synthetic: Settings of the laboratory that differ from its defaults.

    Raises:
        UnknownName, SettingsError, DatasetError: a name, a setting or a dataset that there is not.
    """
    tasks = {task.kind: task for task in map(get_task, names)}
    if not tasks:
        raise SettingsError("a grid needs at least one task: --tasks quality detect segment cost")
    own = split_changes(changes, tasks)
    # Settings of tasks that are not asked for are checked, too: a typo in them would be found in the next study.
    settings = {
        name: task_settings(tasks.get(name) or get_task(name), given, laboratory=not roots)
        for name, given in own.items()
        if given or name in tasks
    }
    studies = []
    drawn = None if roots else laboratory(synthetic)
    for dataset, root in roots.items() or [("", None)]:
        for name in _with_labels(tasks, dataset, root) if dataset else tasks:
            if tasks[name].labels is not None:
                studies.append(study_on(tasks[name], settings[name], drawn=drawn, name=dataset, root=root))
    if not studies and any(task.labels is not None for task in tasks.values()):
        raise SettingsError(f"none of {', '.join(roots)} has labels for {', '.join(names)}. Try --tasks quality.")
    return studies + [
        Study(task=task, settings=settings[name], pairs=None) for name, task in tasks.items() if task.labels is None
    ]


def _with_labels(tasks: Mapping[str, type[TaskCell]], dataset: str, root: Path | None) -> list[str]:
    """The tasks that a dataset has labels for; the others are named."""
    from datasets.registry import get_layout, open_layout

    known = (*(open_layout(dataset, root).tasks_here() if root else get_layout(dataset).tasks), None)
    missing = [name for name, task in tasks.items() if task.labels not in known]
    if missing:
        print(f"{dataset} has no labels for {', '.join(missing)}: left out.", flush=True)
    return [name for name in tasks if name not in missing]


def check_roots(roots: Mapping[str, Path], option: str) -> dict[str, Path]:
    """Dataset name to folder, as an option named them.

    Raises:
        UnknownName: no such dataset.
        SettingsError: a name without a folder.
    """
    from datasets.registry import get_layout

    for name, root in roots.items():
        get_layout(name)
        if str(root) in ("", "."):
            raise SettingsError(f"{option} takes NAME=ROOT, for example msrs=MSRS; got {name}={root}")
    return dict(roots)


def find_methods(specs: Sequence[str], max_memory_gib: float | None = None) -> list[Method]:
    """The fusers asked for, each once and ready; "all" stands for every table entry that runs here.

    Raises:
        UnknownName, SettingsError, WeightsError, CheckpointError: a fuser that cannot work.
    """
    from diffif.fusers.registry import FUSERS, OWN_HINT

    names: list[str] = []
    for spec in specs:
        name = spec.partition("@")[0]
        if spec == ALL:
            from diffif.fusers.listing import list_fusers

            names += [row.name for row in list_fusers() if row.available]
        elif ":" not in name and name not in FUSERS:
            # All names before the first network is loaded.
            raise UnknownName("fuser", name, known=(*FUSERS, ALL), hint=OWN_HINT)
        else:
            names.append(spec)
    found: dict[str, Method] = {}
    for name in dict.fromkeys(names):
        method = ready_method(name, max_memory_gib)
        other = found.setdefault(method.fingerprint, method)
        if other is not method:
            print(f"{name} is the same fuser as {other.spec}, to the pixel: computed once.", flush=True)
    return list(found.values())


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
