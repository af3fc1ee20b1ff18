"""Many fusers on many datasets by many tasks, as one grid that survives anything.

python -m downstream.compare --fusers visible infrared average diffif --datasets msrs=DIR tno=DIR --tasks quality
python -m downstream.compare --fusers average diffif                      the synthetic laboratory
"""

from __future__ import annotations

import sys
from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

from suite.command import new_parser, run_command

if TYPE_CHECKING:
    from downstream.grid.cell import Cell

DESCRIPTION = """Which fuser serves its user best?

Every fuser is judged by every task on every dataset and seed; the report compares them. Each number is one cell,
computed once: the same command goes on after any interruption, and several machines may share the working folder.
Without --datasets it uses the synthetic laboratory.

Examples:
  python -m downstream.compare --fusers visible infrared average diffif --tasks quality detect --dry-run
  python -m downstream.compare --fusers average diffif --datasets msrs=MSRS llvip=LLVIP --seeds 0 1 2
  python -m downstream.compare --fusers average diffif --set detect.epochs=50 --only 'detect/*' --retry-failed"""


def main(argv: Sequence[str] | None = None) -> int:
    """Parse the command line and run; see --help."""
    arguments = sys.argv[1:] if argv is None else list(argv)
    parsed = _parser().parse_args(arguments)
    return run_command(lambda: _run(parsed, arguments), debug=parsed.debug)


def _parser() -> Any:
    from downstream.arguments import add_run_arguments
    from downstream.grid.command import add_engine_arguments

    parser = new_parser(DESCRIPTION, prog="python -m downstream.compare")
    group = parser.add_argument_group("grid")
    group.add_argument(
        "--fusers",
        metavar="NAME",
        nargs="+",
        default=["diffif"],
        help="as after --fuser; all: what runs (default: diffif)",
    )
    group.add_argument("--datasets", metavar="NAME=ROOT", nargs="+", default=[], help="real pairs: msrs=DIR llvip=DIR")
    group.add_argument(
        "--synthetic", metavar="KEY=VALUE", nargs="+", default=[], help="settings of the laboratory: num_train=480 ..."
    )
    group.add_argument(
        "--tasks",
        metavar="TASK",
        nargs="+",
        default=["quality"],
        help="quality, detect, segment, cost (default: quality)",
    )
    group.add_argument("--seeds", metavar="N", type=int, nargs="+", default=[0], help="of the trainings (default: 0)")
    group.add_argument(
        "--set",
        metavar="KEY=VALUE",
        nargs="+",
        default=[],
        help="detect.epochs=50 segment.crop=256 quality.limit=20 ...",
    )
    add_engine_arguments(parser)
    add_run_arguments(parser)
    return parser


def _run(parsed: Any, arguments: Sequence[str]) -> int:
    from downstream.grid.command import execute
    from suite.device import resolve_device

    device = resolve_device(parsed.device)
    return execute(comparison_cells(parsed, device), parsed, "downstream.compare", arguments, device)


def comparison_cells(parsed: Any, device: str) -> list[Cell]:
    """The cells that a parsed command line asks for.

    Raises:
        BenchError: anything that is not there, or not usable; before any work.
    """
    from downstream.cost.__main__ import chosen_fusers
    from downstream.grid.command import named_roots
    from downstream.grid.judgements import check_tasks, judge_laboratory, judge_real, laboratory
    from downstream.grid.settings import task_settings
    from downstream.plan import COST, cost_cell, ready_method, task_cells
    from suite.settings import parse_assignments

    tasks, seeds = check_tasks(parsed.tasks, parsed.seeds)
    changes = parse_assignments(parsed.set)
    roots = named_roots(parsed.datasets, "--datasets")
    judgements = (
        judge_real(roots, tasks, changes)
        if roots
        else [judge_laboratory(laboratory(parse_assignments(parsed.synthetic)), tasks, changes)]
    )
    methods = [ready_method(spec) for spec in chosen_fusers((), parsed.fusers)]
    cells = [
        cell
        for judgement in judgements
        for method in methods
        for cell in task_cells(judgement, method, seeds, parsed.workdir)
    ]
    if COST in tasks:
        settings = task_settings(laboratory=not roots, changes=changes)
        cells += [cost_cell(method, settings, device) for method in methods]
    return cells


if __name__ == "__main__":
    sys.exit(main())
