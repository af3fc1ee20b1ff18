"""What is each part of Diff-IF worth? Trains every variant, evaluates each by every task, over seeds; one report.

python -m downstream.ablate                                   the synthetic laboratory, two CPU cores
python -m downstream.ablate --dataset msrs --root DIR --variants full no-prior no-search steps=1,2,4,8
"""

from __future__ import annotations

import sys
from collections.abc import Sequence
from typing import TYPE_CHECKING

from downstream.ablate.settings import LABORATORY_CONFIG, REAL_CONFIG, TASK_SECTIONS, AblationSettings
from downstream.command import HELP_WORDS, LABORATORY_THREADS, exit_status
from suite.command import run_command

if TYPE_CHECKING:
    from downstream.ablate.variants import Ingredients
    from downstream.grid.cell import Cell, Place
    from downstream.plan import Study

PROG = "python -m downstream.ablate"
DESCRIPTION = """What is each part of Diff-IF worth?

Trains the variants, fuses with each, and evaluates the fused images by every task, over seeds; the report shows each
variant's difference to the full method and whether it is more than noise. Each number is one cell, computed once: the
same command resumes after any interruption, and several machines may share the working folder. Without --config it
reads the study that ships (docs/grids.md).

Variants: full, no-prior, no-search, no-refiner, steps=1,2,4,8, without:NAME (or without:*),
weights:ssim=1,vif=0,qabf=0 (another goal of the search), prior-weight=0.5,2,8 (of the prior in the loss).

Examples:
  python -m downstream.ablate --dry-run
  python -m downstream.ablate --variants full no-prior no-search no-refiner steps=1,2,4,8 --seeds 0 1 2
  python -m downstream.ablate --dataset msrs --root MSRS --evaluate tno=TNO --tasks quality
  python -m downstream.ablate --config my.yaml --only 'detect/*' --retry-failed"""


def main(argv: Sequence[str] | None = None) -> int:
    """Run the command; see --help."""
    words = sys.argv[1:] if argv is None else list(argv)
    return run_command(lambda: ablate(read_settings(words), words), debug="--debug" in words)


def read_settings(words: Sequence[str]) -> AblationSettings:
    """The study of a command line: of its --config, or of the one that ships, with what else it says.

    Raises:
        SettingsError: no file, no YAML, or a value that does not fit.
        UnknownName: a key that there is not.
    """
    from suite.command_line import given_options, parse_settings

    shipped: list[str] = []
    if not any(word.partition("=")[0] in (*HELP_WORDS, "--config") for word in words):
        real = given_options(AblationSettings, words).get("dataset")
        shipped = ["--config", str(REAL_CONFIG if real else LABORATORY_CONFIG)]
    return parse_settings(AblationSettings, [*shipped, *words], prog=PROG, description=DESCRIPTION)


def ablate(settings: AblationSettings, words: Sequence[str]) -> int:
    """Plan every cell and compute them; returns the exit status."""
    from downstream.grid.execution import execute, start_place

    place = start_place(settings.execution)
    cells = ablation_cells(settings, place)
    threads = None if settings.dataset or settings.evaluate else LABORATORY_THREADS
    done = execute(cells, settings.execution, place, module="downstream.ablate", words=words, threads=threads)
    return exit_status(done, settings.execution)


def ablation_cells(settings: AblationSettings, place: Place) -> list[Cell]:
    """Every variant with every seed, evaluated by every task.

    Raises:
        BenchError: anything that is not there, or not usable; before any work.
    """
    from downstream.ablate.variants import build_method, expand_variants
    from downstream.methods import check_path
    from downstream.plan import plan_cells

    check_path(place.workdir)
    variants = expand_variants(settings.variants, settings.pool)
    studies, given = _studies(settings), _ingredients(settings)
    methods = [build_method(variant, seed, given) for seed in settings.seeds for variant in variants]
    return [
        cell
        for study in studies
        for cell in plan_cells(
            study, methods, settings.seeds, place, batch=settings.fuse_batch, corruption=settings.corruption
        )
    ]


def _ingredients(settings: AblationSettings) -> Ingredients:
    from diffif.prior.goal import SearchSettings, change_goal
    from diffif.training.recipe import load_recipe
    from downstream.ablate.variants import Ingredients, candidates
    from downstream.pairs import real_pairs
    from downstream.plan import laboratory

    pairs = (
        real_pairs(settings.dataset, settings.root, "quality", ("train", "val"))
        if settings.dataset
        else laboratory(settings.changes("synthetic"))
    )
    return Ingredients(
        pairs=pairs,
        recipe=load_recipe(settings.recipe, settings.changes("training")),
        pool=candidates(settings.pool),
        search=change_goal(SearchSettings(), settings.changes("search")),
        max_memory_gib=settings.max_memory,
    )


def _studies(settings: AblationSettings) -> list[Study]:
    from downstream.plan import check_roots, plan_studies

    changes = {
        f"{section}.{key}": value for section in TASK_SECTIONS for key, value in settings.changes(section).items()
    }
    roots = check_roots(settings.evaluate, "--evaluate")
    if not roots and settings.dataset:
        assert settings.root is not None
        roots = {settings.dataset: settings.root}
    return plan_studies(settings.tasks, changes, roots=roots, synthetic=settings.changes("synthetic"))


if __name__ == "__main__":
    sys.exit(main())
