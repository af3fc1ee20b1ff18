"""The way from cells to a report: select, survey, compute by an engine, print what came out."""

from __future__ import annotations

import signal
from collections.abc import Sequence
from pathlib import Path
from types import FrameType
from typing import TYPE_CHECKING

from downstream.grid.cell import Cell, Place, with_needs
from downstream.grid.shares import share_machine, visible_gpus
from downstream.plan import select

if TYPE_CHECKING:
    from downstream.grid.engines.engine import Engine, Slots
    from downstream.grid.runner import GridProgress
    from downstream.options import ExecutionOptions

SWITCHES = ("--dry-run", "--retry-failed", "--no-report")
WITH_VALUES = ("--only", "--jobs", "--engine", "--address", "--slurm")
"""Options that say nothing about a cell: they are left out of the command that reproduces it."""


def start_place(options: ExecutionOptions) -> Place:
    """The working folder, made unless this is a dry run, and the device, both checked.

    Raises:
        WorkdirError: the folder cannot be written.
        DeviceError, SettingsError: no such device.
    """
    from downstream.preflight import check_no_file, check_workdir
    from suite.device import resolve_device

    device = resolve_device(options.device)
    if options.dry_run:
        check_no_file(options.workdir)
        return Place(workdir=options.workdir.resolve(), device=device)
    return Place(workdir=check_workdir(options.workdir), device=device)


def execute(
    cells: Sequence[Cell],
    options: ExecutionOptions,
    place: Place,
    *,
    module: str,
    words: Sequence[str],
    threads: int | None = None,
) -> GridProgress:
    """Compute a grid, or show what would be computed; returns what became of every cell.

    Args:
        cells: What is wanted; what they need is added.
        options: How to compute.
        place: From `start_place`.
        module: Of the command, for the records.
        words: The command line as the user wrote it, for the records.
        threads: CPU threads per cell where the options say nothing; None: the cores are shared out.
    """
    from downstream.grid.display import live_display, print_end, print_plan
    from downstream.grid.follower import ReportFollower
    from downstream.grid.runner import run_grid, survey
    from downstream.grid.store import CellStore
    from downstream.summary import build_report, print_summary

    grid = with_needs(select(list(with_needs(cells).values()), options.only))
    store = CellStore(place.workdir)
    waiting = {key: cell for key, cell in grid.items() if not store.is_done(key)}
    slots = share_machine(
        waiting,
        jobs=options.jobs,
        threads=options.threads or threads,
        gpus=_gpus(place.device, options.device),
        cells_per_gpu=options.cells_per_gpu,
    )
    if options.dry_run:
        planned = survey(grid, store, retry_failed=options.retry_failed)
        print_plan(planned, store, slots.count)
        return planned
    engine = _engine(options, slots, place.workdir)
    # On a cluster the node's own devices count.
    device = place.device.partition(":")[0] if options.engine == "local" else options.device
    place = Place(workdir=place.workdir, device=device, threads=slots.threads)
    commands = {key: cell_command(module, words, cell.title) for key, cell in grid.items()}
    follower = ReportFollower(grid, place.workdir) if options.report else None
    if follower and waiting:
        print(f"report  {follower.page}, from the first finished cell on", flush=True)
    previous = signal.signal(signal.SIGTERM, _interrupt)
    try:
        with live_display(store, engine.num_slots) as show:

            def on_change(progress: GridProgress) -> None:
                show(progress)
                if follower:
                    follower(progress)

            progress = run_grid(
                grid, store, engine, place, retry_failed=options.retry_failed, commands=commands, on_change=on_change
            )
    finally:
        signal.signal(signal.SIGTERM, previous)
    if follower:
        follower.finish(progress)
    print_end(progress, store)
    print_summary(grid, place.workdir)
    if options.report and any(place.workdir.glob("cells/*/result.json")):
        build_report(place.workdir)
    return progress


def cell_command(module: str, words: Sequence[str], title: str) -> str:
    """The command that computes one cell of a grid again.

    >>> cell_command("downstream.detect", ["--jobs", "2", "--seeds", "0", "1"], "detect/x")
    'python -m downstream.detect --seeds 0 1 --only detect/x'
    """
    from suite.provenance import reproducing_command

    kept: list[str] = []
    skipping = False
    for word in words:
        if word.startswith("--"):
            skipping = word.partition("=")[0] in (*SWITCHES, *WITH_VALUES)
        if not skipping:
            kept.append(word)
    return reproducing_command(module, [*kept, "--only", title])


def _gpus(device: str, asked: str) -> tuple[str, ...]:
    if not device.startswith("cuda"):
        return ()
    import torch

    return visible_gpus(asked, torch.cuda.device_count())


def _engine(options: ExecutionOptions, slots: Slots, workdir: Path) -> Engine:
    if options.engine == "ray":
        from downstream.grid.engines.ray import RayEngine

        return RayEngine(slots, options.address)
    if options.engine == "slurm":
        from downstream.grid.engines.slurm import SlurmEngine

        return SlurmEngine(slots, workdir / "slurm", dict(options.slurm))
    from downstream.grid.engines.local import LocalEngine

    return LocalEngine(slots)


def _interrupt(number: int, frame: FrameType | None) -> None:
    """A polite end (a cluster's time limit, a container that stops) is one like Ctrl-C."""
    raise KeyboardInterrupt
