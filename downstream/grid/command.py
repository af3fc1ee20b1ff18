"""What `compare` and `ablate` share on the command line: the engine's arguments, and the way from cells to a report."""

from __future__ import annotations

import os
import signal
from collections.abc import Mapping, Sequence
from pathlib import Path
from types import FrameType
from typing import TYPE_CHECKING, Any

from suite.errors import SettingsError

if TYPE_CHECKING:
    from downstream.grid.cell import Cell
    from downstream.grid.engines.engine import Engine, Slots

NOT_REPEATED = ("--dry-run", "--retry-failed", "--no-report")
"""Switches that say nothing about a cell: they are left out of the command that reproduces it."""


def add_engine_arguments(parser: Any) -> None:
    """Where cells are computed, and which."""
    group = parser.add_argument_group("execution")
    group.add_argument("--engine", choices=["local", "ray", "slurm"], default="local", help="default: local")
    group.add_argument(
        "--address", metavar="HOST:PORT", default="", help="of a running Ray cluster, or auto (default: one of its own)"
    )
    group.add_argument(
        "--slurm", metavar="KEY=VALUE", nargs="+", default=[], help="submitit options: partition=gpu time=120 ..."
    )
    group.add_argument("--cores", type=int, default=None, help="processor cores to use (default: all)")
    group.add_argument("--threads", type=int, default=1, help="CPU threads per cell (default: 1)")
    group.add_argument("--cells-per-gpu", type=int, default=1, help="cells that share one GPU (default: 1)")
    group.add_argument(
        "--only", metavar="GLOB", nargs="+", default=[], help="cells by title or id, and what they need: 'detect/*'"
    )
    group.add_argument("--retry-failed", action="store_true", help="try failed cells again")
    group.add_argument(
        "--dry-run", action="store_true", help="list the cells, which are done, and an estimate of the time"
    )
    group.add_argument("--no-report", action="store_true", help="write the records only")


def execute(cells: Sequence[Cell], parsed: Any, module: str, arguments: Sequence[str], device: str) -> int:
    """Compute a grid, or show what would be computed; returns the exit status.

    Args:
        cells: What is wanted; what they need is added.
        parsed: With the arguments of `add_engine_arguments` and `downstream.arguments.add_run_arguments`.
        module: Of the command, for the records.
        arguments: As the user wrote them, for the records.
        device: Resolved: "cpu", "cuda", "cuda:1".
    """
    from downstream.arguments import build_report
    from downstream.grid.cell import Place, with_needs
    from downstream.grid.display import live_display, print_end, print_plan
    from downstream.grid.ledger import Ledger
    from downstream.grid.runner import run_grid, survey
    from downstream.plan import select
    from downstream.preflight import check_no_file, check_workdir

    grid = with_needs(select(list(with_needs(cells).values()), parsed.only))
    slots = find_slots(parsed, device)
    if parsed.dry_run:
        check_no_file(parsed.workdir)
        ledger = Ledger(parsed.workdir.resolve())
        print_plan(survey(grid, ledger, retry_failed=parsed.retry_failed), ledger, slots.count)
        return 0
    workdir = check_workdir(parsed.workdir)
    ledger = Ledger(workdir)
    engine = _engine(parsed, slots, workdir)
    # On a cluster the node's own devices count.
    place = Place(
        workdir=workdir,
        device=device.partition(":")[0] if parsed.engine == "local" else parsed.device,
        threads=slots.threads,
    )
    commands = {key: _command(module, arguments, cell.title) for key, cell in grid.items()}
    previous = signal.signal(signal.SIGTERM, _interrupt)
    try:
        with live_display(ledger, engine.num_slots) as show:
            progress = run_grid(
                grid, ledger, engine, place, retry_failed=parsed.retry_failed, commands=commands, on_change=show
            )
    finally:
        signal.signal(signal.SIGTERM, previous)
    print_end(progress, ledger)
    if not parsed.no_report and any((workdir / "results").glob("*/result.json")):
        build_report(workdir)
    return 0 if progress.succeeded else 1


def find_slots(parsed: Any, device: str) -> Slots:
    """What may run at the same time on this machine.

    Raises:
        SettingsError: an impossible number.
    """
    from downstream.grid.engines.engine import Slots

    cores = parsed.cores if parsed.cores is not None else len(os.sched_getaffinity(0))
    gpus = _visible_gpus(parsed.device) if device.startswith("cuda") else ()
    return Slots(cpus=cores, threads=parsed.threads, gpus=gpus, cells_per_gpu=parsed.cells_per_gpu)


def named_roots(texts: Sequence[str], argument: str) -> Mapping[str, Path]:
    """`NAME=ROOT ...` as a mapping.

    Raises:
        SettingsError: a text without "=".
        UnknownName: no such dataset.
    """
    from datasets.registry import get_layout

    roots: dict[str, Path] = {}
    for text in texts:
        name, equals, root = text.partition("=")
        if not equals or not root:
            raise SettingsError(f"{argument} takes NAME=ROOT, for example msrs=MSRS; got {text!r}")
        get_layout(name)
        roots[name] = Path(root)
    return roots


def _visible_gpus(device: str) -> tuple[str, ...]:
    # Without a number every GPU is used, one slot each.
    import torch

    chosen = os.environ.get("CUDA_VISIBLE_DEVICES", "")
    visible = tuple(chosen.split(",")) if chosen else tuple(str(index) for index in range(torch.cuda.device_count()))
    number = device.removeprefix("cuda:")
    return (visible[int(number)],) if number.isdigit() else visible


def _engine(parsed: Any, slots: Slots, workdir: Path) -> Engine:
    if parsed.engine == "ray":
        from downstream.grid.engines.ray import RayEngine

        return RayEngine(slots, parsed.address)
    if parsed.engine == "slurm":
        from downstream.grid.engines.slurm import SlurmEngine
        from suite.settings import parse_assignments

        return SlurmEngine(slots, workdir / "slurm", parse_assignments(parsed.slurm))
    from downstream.grid.engines.local import LocalEngine

    return LocalEngine(slots)


def _command(module: str, arguments: Sequence[str], title: str) -> str:
    from suite.records import reproducing_command

    kept: list[str] = []
    skipping = False
    for argument in arguments:
        if argument.startswith("-"):
            skipping = argument == "--only"
        if not skipping and argument not in NOT_REPEATED and not argument.startswith("--only="):
            kept.append(argument)
    return reproducing_command(module, [*kept, "--only", title])


def _interrupt(number: int, frame: FrameType | None) -> None:
    """A polite end (a cluster's time limit, a container that stops) is one like Ctrl-C."""
    raise KeyboardInterrupt
