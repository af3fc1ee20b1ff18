"""The ablations: from a variant's name to what is trained, from which prior, and how it is sampled.

full                        searched prior, all of the method
no-prior                    the mean of both sources stands in for the prior
no-search                   each pair's candidate is drawn, not searched
no-refiner                  the denoiser alone
steps=1,2,4,8               the full model with so many denoising steps (one variant per number)
without:NAME                the pool without one candidate; without:* leaves out each in turn
weights:ssim=1,vif=0,qabf=0 another goal of the search
prior-weight=0.5,2,8        the weight of the prior in the training loss (one variant per number)
"""

from __future__ import annotations

import math
import re
from collections.abc import Sequence
from dataclasses import dataclass, replace

from diffif.prior.goal import SearchSettings, parse_weights
from diffif.training.recipe import Recipe
from downstream.methods import FULL, Method, PriorCell, TrainCell, ready_method
from downstream.pairs import Pairs
from suite.errors import SettingsError, UnknownName

PLAIN = (FULL, "no-prior", "no-search", "no-refiner")
FORMS = (*PLAIN, "steps=N", "without:NAME", "weights:ssim=2,vif=1,qabf=3", "prior-weight=W")
STEPS, WITHOUT, WEIGHTS, DOSE = "steps=", "without:", "weights:", "prior-weight="
FUSER = "diffif"


@dataclass(frozen=True, kw_only=True)
class Ingredients:
    """What all variants are made from."""

    pairs: Pairs
    recipe: Recipe
    pool: tuple[Method, ...]
    search: SearchSettings
    max_memory_gib: float | None = None
    """Memory budget of fusing with the trained models."""


def candidates(specs: Sequence[str]) -> tuple[Method, ...]:
    """A pool of fusers, each ready to work.

    Raises:
        SettingsError: none, or one named twice.
        UnknownName, WeightsError: a fuser that cannot work.
    """
    if not specs or len(set(specs)) != len(specs):
        raise SettingsError(f"a pool needs at least one fuser and each only once, got: {', '.join(specs) or 'none'}")
    return tuple(map(ready_method, specs))


def expand_variants(names: Sequence[str], pool: Sequence[str]) -> tuple[str, ...]:
    """One name per variant, each once.

    Raises:
        UnknownName: neither a variant nor a form of one, or a candidate that is not in the pool.
        SettingsError: a form that is not filled in properly.

    >>> expand_variants(["full", "steps=1,2", "without:*"], ["average", "max"])
    ('full', 'steps=1', 'steps=2', 'without:average', 'without:max')
    """
    expanded: list[str] = []
    for name in names:
        if name in PLAIN:
            expanded.append(name)
        elif name.startswith(STEPS):
            expanded += [f"{STEPS}{_positive(part, name)}" for part in name.removeprefix(STEPS).split(",")]
        elif name.startswith(WITHOUT):
            left_out = name.removeprefix(WITHOUT)
            expanded += [f"{WITHOUT}{one}" for one in (pool if left_out == "*" else [_member(left_out, pool)])]
        elif name.startswith(WEIGHTS):
            search_weights(name)
            expanded.append(name)
        elif name.startswith(DOSE):
            expanded += [f"{DOSE}{_weight(part, name):g}" for part in name.removeprefix(DOSE).split(",")]
        else:
            raise UnknownName("variant", name, known=FORMS)
    if any(name.startswith(WITHOUT) for name in expanded) and len(pool) < 2:
        raise SettingsError("without:NAME needs a pool of at least two candidates: --pool laplacian gff ...")
    return tuple(dict.fromkeys(expanded))


def search_weights(name: str) -> SearchSettings:
    """The goal that `weights:ssim=1,vif=0,qabf=0` names; a metric that it does not name has weight 0.

    Raises:
        SettingsError: an impossible weight.
        UnknownName: no such metric.
    """
    try:
        return SearchSettings(weights=parse_weights(name.removeprefix(WEIGHTS)))
    except SettingsError as error:
        raise SettingsError(f"variant {name!r}: {error}") from error


def build_method(variant: str, seed: int, given: Ingredients) -> Method:
    """The variant's training with this seed, as a method to judge.

    Args:
        variant: A name that `expand_variants` returned.
        seed: Of the training, and of the draw of `no-search`.
        given: What all variants share.
    """
    recipe = replace(given.recipe, seed=seed)
    steps = int(variant.removeprefix(STEPS)) if variant.startswith(STEPS) else None
    trained = FULL if steps is not None else variant
    return Method(
        spec=FUSER,
        train=_train(trained, recipe, _prior(trained, seed, given), given),
        variant=variant,
        steps=steps,
        max_memory_gib=given.max_memory_gib,
    )


def _train(variant: str, recipe: Recipe, prior: PriorCell | None, given: Ingredients) -> TrainCell:
    if variant == "no-refiner":
        if recipe.model.process == "render":
            raise SettingsError(f"no-refiner needs a denoiser; the recipe {recipe.name} renders and has none.")
        recipe = replace(recipe, model=replace(recipe.model, refiner=None, renderer=None))
    elif variant == "no-prior":
        recipe = replace(recipe, variant="no-prior")
    elif variant == "no-search":
        recipe = replace(recipe, variant="no-search")
    elif variant.startswith(DOSE):
        recipe = replace(recipe, loss=replace(recipe.loss, x0=float(variant.removeprefix(DOSE))))
    return TrainCell(pairs=given.pairs, recipe=recipe, prior=prior, label=variant)


def _prior(variant: str, seed: int, given: Ingredients) -> PriorCell | None:
    if variant == "no-prior":
        return None
    if variant == "no-search":
        return PriorCell(pairs=given.pairs, pool=given.pool, search=None, seed=seed, label=f"draw-seed{seed}")
    if variant.startswith(WITHOUT):
        left_out = variant.removeprefix(WITHOUT)
        pool = tuple(candidate for candidate in given.pool if candidate.spec != left_out)
        return PriorCell(pairs=given.pairs, pool=pool, search=given.search, label=variant)
    if variant.startswith(WEIGHTS):
        return PriorCell(pairs=given.pairs, pool=given.pool, search=search_weights(variant), label=variant)
    return PriorCell(pairs=given.pairs, pool=given.pool, search=given.search)


def _positive(text: str, name: str) -> int:
    if not re.fullmatch(r"[1-9]\d*", text):
        raise SettingsError(f"variant {name!r}: expected numbers of denoising steps, as in steps=1,2,4,8; got {text!r}")
    return int(text)


def _weight(text: str, name: str) -> float:
    try:
        weight = float(text)
    except ValueError:
        weight = math.nan
    if not 0 <= weight < math.inf:
        raise SettingsError(
            f"variant {name!r}: expected weights of the prior, 0 or more, as in prior-weight=0.5,2,8; got {text!r}"
        )
    return weight


def _member(name: str, pool: Sequence[str]) -> str:
    if name not in pool:
        raise UnknownName("candidate", name, known=pool)
    return name
