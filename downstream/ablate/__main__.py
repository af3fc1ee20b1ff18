"""What is each part of Diff-IF worth? Trains every variant, judges each by every task, over seeds; one report.

python -m downstream.ablate                                   the synthetic laboratory, two CPU cores
python -m downstream.ablate --dataset msrs --root DIR --variants full no-prior no-search steps=1,2,4,8
"""

from __future__ import annotations

import sys
from collections.abc import Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING, Any

from suite.command import new_parser, run_command
from suite.errors import SettingsError
from suite.settings import from_mapping, override, parse_assignments

if TYPE_CHECKING:
    from downstream.ablate.variants import Ingredients
    from downstream.grid.cell import Cell
    from downstream.plan import Judgement

DESCRIPTION = """What is each part of Diff-IF worth?

Trains the variants, fuses with each, and judges the fused images by every task, over seeds; the report shows each
variant's difference to the full method and whether it is more than noise. Each number is one cell, computed once: the
same command goes on after any interruption, and several machines may share the working folder.

Variants: full, no-prior, no-search, no-refiner, steps=1,2,4,8, without:NAME (or without:*),
weights:ssim=1,vif=0,qabf=0 (another goal of the search).

Examples:
  python -m downstream.ablate --dry-run
  python -m downstream.ablate --variants full no-prior no-search no-refiner steps=1,2,4,8 --seeds 0 1 2
  python -m downstream.ablate --dataset msrs --root MSRS --evaluate tno=TNO --tasks quality
  python -m downstream.ablate --config my.yaml --only 'detect/*' --retry-failed"""

RECIPES_DIR = Path(__file__).parent / "recipes"
LABORATORY_CONFIG = RECIPES_DIR / "ablation.yaml"
REAL_CONFIG = RECIPES_DIR / "ablation-real.yaml"
SECTIONS = ("training", "search", "synthetic", "quality", "detect", "segment", "cost")
TASK_SECTIONS = ("quality", "detect", "segment", "cost")


@dataclass(frozen=True, kw_only=True)
class AblationSettings:
    """One ablation study. The sections hold only what differs from the defaults of recipe, laboratory and tasks."""

    variants: tuple[str, ...] = ("full", "no-prior", "no-search")
    tasks: tuple[str, ...] = ("quality", "detect", "segment")
    seeds: tuple[int, ...] = (0, 1)
    """Each trains Diff-IF, and whatever a task trains, once."""
    recipe: str = "ablation"
    """A recipe of `diffif train`, or a YAML file."""
    pool: tuple[str, ...] = ("laplacian", "gff", "dtcwt", "rp", "average", "max")
    """Fusers whose results are the candidates of the prior; earlier ones win ties."""
    fuse_batch: int = 4
    """Pairs fused at once."""
    training: dict[str, Any] = field(default_factory=dict)
    """Of the recipe: iterations, data.crop ..."""
    search: dict[str, Any] = field(default_factory=dict)
    """What the search maximises: weights of metrics (ssim, vif, qabf, scd ...), convention."""
    synthetic: dict[str, Any] = field(default_factory=dict)
    """Of the laboratory: num_train, height ..."""
    quality: dict[str, Any] = field(default_factory=dict)
    detect: dict[str, Any] = field(default_factory=dict)
    segment: dict[str, Any] = field(default_factory=dict)
    cost: dict[str, Any] = field(default_factory=dict)


def main(argv: Sequence[str] | None = None) -> int:
    """Parse the command line and run; see --help."""
    arguments = sys.argv[1:] if argv is None else list(argv)
    parsed = _parser().parse_args(arguments)
    return run_command(lambda: _run(parsed, arguments), debug=parsed.debug)


def _parser() -> Any:
    from downstream.arguments import add_run_arguments
    from downstream.grid.command import add_engine_arguments

    parser = new_parser(DESCRIPTION, prog="python -m downstream.ablate")
    group = parser.add_argument_group("study")
    group.add_argument(
        "--config", metavar="FILE", type=Path, default=None, help="YAML; by default the one that ships (docs/grids.md)"
    )
    group.add_argument("--variants", metavar="NAME", nargs="+", default=None, help="see above")
    group.add_argument("--tasks", metavar="TASK", nargs="+", default=None, help="quality, detect, segment, cost")
    group.add_argument(
        "--seeds", metavar="N", type=int, nargs="+", default=None, help="one training of everything each"
    )
    group.add_argument("--recipe", metavar="NAME", default=None, help="of diffif train, or a YAML file")
    group.add_argument("--pool", metavar="FUSER", nargs="+", default=None, help="fusers that make the candidates")
    group.add_argument("--dataset", metavar="NAME", default="", help="train and judge on real pairs")
    group.add_argument("--root", metavar="DIR", type=Path, default=None, help="where they lie")
    group.add_argument(
        "--evaluate", metavar="NAME=ROOT", nargs="+", default=[], help="judge on these pairs instead of the training's"
    )
    group.add_argument(
        "--set", metavar="KEY=VALUE", nargs="+", default=[], help="training.iterations=900 synthetic.num_test=50 ..."
    )
    add_engine_arguments(parser)
    add_run_arguments(parser)
    return parser


def _run(parsed: Any, arguments: Sequence[str]) -> int:
    from downstream.grid.command import execute
    from suite.device import resolve_device

    device = resolve_device(parsed.device)
    settings = read_settings(parsed)
    return execute(ablation_cells(settings, parsed, device), parsed, "downstream.ablate", arguments, device)


def read_settings(parsed: Any) -> AblationSettings:
    """The configuration file with what the command line changes.

    Raises:
        SettingsError: no file, no YAML, or a value that does not fit.
        UnknownName: a key that there is not.
    """
    path = parsed.config or (REAL_CONFIG if parsed.dataset else LABORATORY_CONFIG)
    settings = load_settings(path)
    given = {name: getattr(parsed, name) for name in ("variants", "tasks", "seeds", "recipe", "pool")}
    changes: dict[str, Any] = {name: value for name, value in given.items() if value is not None}
    for key, value in parse_assignments(parsed.set).items():
        section, dot, rest = key.partition(".")
        if dot and section in SECTIONS:
            changes.setdefault(section, dict(getattr(settings, section)))[rest] = value
        else:
            changes[key] = value
    return override(settings, changes)


def load_settings(path: Path) -> AblationSettings:
    """A study from its YAML file.

    Raises:
        SettingsError: no file, no YAML, or a value that does not fit.
        UnknownName: a key that there is not.
    """
    import yaml

    from downstream.plan import flat_changes

    try:
        content = yaml.safe_load(path.read_text(encoding="utf-8"))
    except (OSError, yaml.YAMLError) as error:
        raise SettingsError(f"cannot read --config {path}: {error}. An example: {LABORATORY_CONFIG}") from error
    if not isinstance(content, dict):
        raise SettingsError(f"{path} must hold a mapping of settings, found {type(content).__name__}.")
    flat = {
        key: flat_changes(value) if key in SECTIONS and isinstance(value, dict) else value
        for key, value in content.items()
    }
    return from_mapping(AblationSettings, flat)


def ablation_cells(settings: AblationSettings, parsed: Any, device: str) -> list[Cell]:
    """Every variant with every seed, judged by every task.

    Raises:
        BenchError: anything that is not there, or not usable; before any work.
    """
    from downstream.ablate.variants import build_method, expand_variants
    from downstream.grid.judgements import check_tasks
    from downstream.methods import check_path
    from downstream.plan import COST, cost_cell, task_cells

    check_path(parsed.workdir.resolve())
    tasks, seeds = check_tasks(settings.tasks, settings.seeds)
    variants = expand_variants(settings.variants, settings.pool)
    given, judgements = _ingredients(settings, parsed), _judgements(settings, parsed)
    cells: list[Cell] = []
    for seed in seeds:
        for variant in variants:
            method = build_method(variant, seed, given)
            for judgement in judgements:
                cells += task_cells(judgement, method, seeds, parsed.workdir)
            if COST in tasks:
                cells.append(cost_cell(method, judgements[0].settings, device))
    return cells


def _ingredients(settings: AblationSettings, parsed: Any) -> Ingredients:
    from diffif.prior.goal import SearchSettings, change_goal
    from diffif.training.recipe import load_recipe
    from downstream.ablate.variants import Ingredients
    from downstream.grid.judgements import laboratory
    from downstream.pairs import real_pairs
    from downstream.plan import candidates

    if parsed.root is not None and not parsed.dataset:
        raise SettingsError(f"--root {parsed.root} needs --dataset NAME, which says what lies there.")
    if parsed.dataset and parsed.root is None:
        raise SettingsError(f"--dataset {parsed.dataset} needs --root DIR.")
    pairs = (
        real_pairs(parsed.dataset, parsed.root, "quality", ("train", "val"))
        if parsed.dataset
        else laboratory(settings.synthetic)
    )
    return Ingredients(
        pairs=pairs,
        recipe=load_recipe(settings.recipe, settings.training),
        pool=candidates(settings.pool),
        search=change_goal(SearchSettings(), settings.search),
    )


def _judgements(settings: AblationSettings, parsed: Any) -> list[Judgement]:
    from downstream.grid.command import named_roots
    from downstream.grid.judgements import check_tasks, judge_laboratory, judge_real, laboratory

    tasks, _ = check_tasks(settings.tasks, settings.seeds)
    changes: dict[str, Any] = {"fuse_batch": settings.fuse_batch}
    for section in TASK_SECTIONS:
        changes |= {f"{section}.{key}": value for key, value in getattr(settings, section).items()}
    roots = named_roots(parsed.evaluate, "--evaluate")
    if not roots and parsed.dataset:
        roots = {parsed.dataset: parsed.root}
    if roots:
        return judge_real(roots, tasks, changes)
    return [judge_laboratory(laboratory(settings.synthetic), tasks, changes)]


if __name__ == "__main__":
    sys.exit(main())
