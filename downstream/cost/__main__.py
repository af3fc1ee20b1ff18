"""What a fuser costs: parameters, operations, time and memory per image, at several sizes.

python -m downstream.cost --fuser diffif --fuser average --sizes 480x640 960x1440
python -m downstream.cost --fusers all --sizes 480x640,960x1440
"""

from __future__ import annotations

import math
import platform
import re
import sys
from collections.abc import Sequence
from dataclasses import asdict, dataclass
from functools import partial
from pathlib import Path
from typing import Any

from downstream.ablation import NOT_VARIED, Ablation
from suite.command import new_parser, run_command
from suite.errors import SettingsError

DESCRIPTION = """What does each fuser cost?

Parameters, floating-point operations (torch's own counter), milliseconds per image (median after warm-up,
synchronised) and peak memory, each measured in a process of its own. Running out of memory is a result, not a crash.
Times are those of this machine: they are recorded with its name and are never mixed with another's."""

TASK = "cost"
ALL = "all"
GIGA = 1e9
MEBI = 2**20


def main(argv: Sequence[str] | None = None) -> int:
    """Parse the command line and run; see --help."""
    arguments = sys.argv[1:] if argv is None else list(argv)
    parsed = _parser().parse_args(arguments)
    return run_command(lambda: _run(parsed, arguments), debug=parsed.debug)


def _parser() -> Any:
    from downstream.arguments import add_run_arguments

    parser = new_parser(DESCRIPTION, prog="python -m downstream.cost")
    group = parser.add_argument_group("what to measure")
    group.add_argument("--fuser", metavar="NAME", action="append", default=[], help="repeat it to measure several")
    group.add_argument("--fusers", metavar="NAME", nargs="+", default=[], help="several at once; all: what runs here")
    group.add_argument("--sizes", metavar="HxW", nargs="+", default=["480x640", "960x1440"], help="default: both sizes")
    group.add_argument("--repeats", type=int, default=5, help="timed runs (default: 5)")
    group.add_argument("--warmup", type=int, default=1, help="runs before them (default: 1)")
    group.add_argument("--threads", type=int, default=1, help="CPU threads (default: 1, so that machines compare)")
    group.add_argument(
        "--memory-limit",
        metavar="GIB",
        type=float,
        default=None,
        help="of a probe (default: nine tenths of what is free)",
    )
    group.add_argument("--timeout", metavar="SECONDS", type=float, default=1800.0, help="of a probe (default: 1800)")
    add_run_arguments(parser)
    parser.add_argument("--no-report", action="store_true", help="write the records only")
    return parser


@dataclass(frozen=True, kw_only=True)
class CostRun:
    """What all cells of one command share."""

    sizes: tuple[tuple[int, int], ...]
    workdir: Path
    device: str
    hardware: str
    repeats: int
    warmup: int
    num_threads: int
    memory_limit_gib: float
    limit_is_chosen: bool
    timeout_seconds: float
    command: str
    ablation: Ablation = NOT_VARIED


def _run(parsed: Any, arguments: Sequence[str]) -> int:
    from downstream.arguments import build_fusers, build_report
    from downstream.cost.probe import check_measurable, default_memory_limit
    from downstream.preflight import check_workdir
    from suite.device import resolve_device
    from suite.records import reproducing_command

    for name in ("repeats", "threads", "timeout"):
        if getattr(parsed, name) <= 0:
            raise SettingsError(f"--{name} must be positive, got {getattr(parsed, name)}")
    if parsed.warmup < 0:
        raise SettingsError(f"--warmup must be 0 or greater, got {parsed.warmup}")
    sizes = parse_sizes(parsed.sizes)
    specs = chosen_fusers(parsed.fuser, parsed.fusers)
    device = resolve_device(parsed.device)
    workdir = check_workdir(parsed.workdir)
    fusers = build_fusers(specs, "cpu")
    for spec, fuser in fusers.items():
        check_measurable(spec, fuser)
    run = CostRun(
        sizes=sizes,
        workdir=workdir,
        device=device,
        hardware=describe_hardware(device),
        repeats=parsed.repeats,
        warmup=parsed.warmup,
        num_threads=parsed.threads,
        memory_limit_gib=parsed.memory_limit if parsed.memory_limit is not None else default_memory_limit(),
        limit_is_chosen=parsed.memory_limit is not None,
        timeout_seconds=parsed.timeout,
        command=reproducing_command("downstream.cost", arguments),
    )
    folders = [run_cell(run, spec, fuser) for spec, fuser in fusers.items()]
    _print_table(run, folders)
    if not parsed.no_report:
        build_report(workdir)
    return 0


def parse_sizes(texts: Sequence[str]) -> tuple[tuple[int, int], ...]:
    """(H, W) of texts such as 480x640; commas may join several.

    Raises:
        SettingsError: not HxW, or a side below 16.

    >>> parse_sizes(["480x640,960x1440"])
    ((480, 640), (960, 1440))
    """
    sizes = []
    for text in (part for joined in texts for part in joined.split(",") if part):
        found = re.fullmatch(r"(\d+)[x×](\d+)", text.strip())
        if not found or min(int(side) for side in found.groups()) < 16:
            raise SettingsError(f"--sizes must be HxW with sides of at least 16, for example 480x640; got {text!r}")
        sizes.append((int(found[1]), int(found[2])))
    if not sizes:
        raise SettingsError("--sizes is empty; for example 480x640 960x1440")
    return tuple(dict.fromkeys(sizes))


def chosen_fusers(single: Sequence[str], several: Sequence[str]) -> tuple[str, ...]:
    """The fusers asked for; "all" stands for every table entry that runs here without naming a file.

    Raises:
        SettingsError: none.
        UnknownName: no such fuser.
    """
    from diffif.fusers.registry import FUSERS, OWN_HINT

    specs: list[str] = []
    for spec in (*single, *several):
        if spec == ALL:
            from diffif.fusers.listing import list_fusers

            specs += [row.name for row in list_fusers() if row.available]
            continue
        name = spec.partition("@")[0]
        if ":" not in name and name not in FUSERS:
            from suite.errors import UnknownName

            raise UnknownName("fuser", name, known=(*FUSERS, ALL), hint=OWN_HINT)
        specs.append(spec)
    if not specs:
        raise SettingsError("name at least one fuser: --fuser diffif, or --fusers all")
    return tuple(dict.fromkeys(specs))


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


def run_cell(run: CostRun, spec: str, fuser: Any, *, name: str = "") -> Path:
    """Measure one fuser: its record's folder, computed now or before.

    Args:
        run: What to measure.
        spec: What the measuring process builds the fuser from.
        fuser: The same fuser, built.
        name: The fuser in result rows; empty: `spec`.
    """
    from downstream.cost.probe import Request, measure_cost
    from downstream.cost.quantities import QUANTITIES
    from suite.records import Record, Row, cell_dir, cell_id, is_done, timed, utc_now, write_record

    settings = _cell_settings(run, fuser)
    cell = cell_id(TASK, settings)
    if is_done(run.workdir, cell):
        print(f"{spec}: already measured on {run.hardware} ({cell}).", flush=True)
        return cell_dir(run.workdir, cell)
    started, seconds, notes = utc_now(), dict[str, float](), [f"Measured on {run.hardware}, {run.num_threads} threads."]
    row = partial(
        Row,
        dataset="random",
        split="none",
        task=TASK,
        fuser=name or spec,
        variant=run.ablation.variant,
        seed=run.ablation.seed,
        n=run.repeats,
    )
    known = math.nan if fuser.num_parameters is None else float(fuser.num_parameters)
    rows = [row(metric="parameters", value=known, **asdict(QUANTITIES["parameters"]))]
    for height, width in run.sizes:
        size = f"{height}x{width}"
        print(f"{spec} at {size} ...", flush=True)
        request = Request(
            fuser=spec,
            height=height,
            width=width,
            device=run.device,
            repeats=run.repeats,
            warmup=run.warmup,
            memory_limit_gib=run.memory_limit_gib,
            timeout_seconds=run.timeout_seconds,
            num_threads=run.num_threads,
        )
        with timed(seconds, size):
            cost = measure_cost(request)
        if cost.failure:
            limit = (
                f"{run.memory_limit_gib:.1f} GiB" if cost.failure == "out of memory" else f"{run.timeout_seconds:g} s"
            )
            notes.append(f"{cost.failure} at {size} (limit {limit})")
        # A failed size stays in the table: its rows hold nan, and `failed` says so.
        measured = {
            "ms": cost.milliseconds,
            "flops": cost.flops,
            "peak_memory": cost.peak_memory,
            "failed": float(bool(cost.failure)),
        }
        rows += [row(metric=f"{stem}/{size}", value=v, **asdict(QUANTITIES[stem])) for stem, v in measured.items()]
    record = Record(
        cell_id=cell,
        task=TASK,
        settings=settings,
        rows=tuple(rows),
        command=run.command,
        started=started,
        seconds=seconds,
        notes=tuple(notes),
    )
    return write_record(run.workdir, record, per_image=None)


def _cell_settings(run: CostRun, fuser: Any) -> dict[str, Any]:
    return {
        "fuser": {"name": fuser.name, "fingerprint": fuser.fingerprint, "settings": dict(fuser.settings)},
        "sizes": [f"{height}x{width}" for height, width in run.sizes],
        "hardware": run.hardware,
        "device": run.device,
        "threads": run.num_threads,
        "repeats": run.repeats,
        "warmup": run.warmup,
        # The default limit is what happens to be free and says nothing about the cell.
        "memory_limit_gib": run.memory_limit_gib if run.limit_is_chosen else None,
        "timeout_seconds": run.timeout_seconds,
        **run.ablation.cell_settings,
    }


def _print_table(run: CostRun, folders: Sequence[Path]) -> None:
    from rich.console import Console
    from rich.table import Table

    from suite.records import read_record

    heads = [f"{what} {h}x{w}" for h, w in run.sizes for what in ("ms", "GFLOP", "MiB")]
    table = Table("fuser", "parameters", *heads, title=f"cost of one image on {run.hardware}")
    for folder in folders:
        record = read_record(folder)
        values = {row.metric: row.value for row in record.rows}
        cells = [f"{int(values['parameters']):,}"]
        for height, width in run.sizes:
            size = f"{height}x{width}"
            if values[f"failed/{size}"]:
                failure = next(note for note in record.notes if f" at {size} " in note)
                cells += [failure.partition(" at ")[0], "-", "-"]
                continue
            cells.append(f"{values[f'ms/{size}']:.1f}")
            flops = values[f"flops/{size}"]
            cells.append("-" if math.isnan(flops) else f"{flops / GIGA:.1f}")
            cells.append(f"{values[f'peak_memory/{size}'] / MEBI:.0f}")
        table.add_row(record.rows[0].fuser, *cells)
    console = Console()
    (console if console.is_terminal else Console(width=160)).print(table)


if __name__ == "__main__":
    sys.exit(main())
