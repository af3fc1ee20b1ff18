"""What each variant changes, and that it changes nothing else."""

from __future__ import annotations

from dataclasses import replace

import pytest

from datasets.synthetic.settings import SyntheticSettings
from diffif.prior.targeted_search import SearchSettings
from diffif.training.recipe import load_recipe
from downstream.ablate.variants import Ingredients, build_method, expand_variants
from downstream.methods import Method, TrainCell
from downstream.pairs import laboratory_pairs
from suite.errors import SettingsError, UnknownName
from suite.settings import to_mapping

POOL = ("laplacian", "gff", "average")
GIVEN = Ingredients(
    pairs=laboratory_pairs(SyntheticSettings(num_train=4)),
    recipe=load_recipe("ablation"),
    pool=tuple(Method(spec=spec, fingerprint=spec) for spec in POOL),
    search=SearchSettings(),
)


def training(variant: str, seed: int = 0) -> TrainCell:
    train = build_method(variant, seed, GIVEN).train
    assert train is not None
    return train


def changed_keys(variant: str) -> set[str]:
    full, other = to_mapping(training("full").recipe), to_mapping(training(variant).recipe)
    return {key for key in full if full[key] != other[key]}


def test_no_prior_trains_without_candidates() -> None:
    assert training("no-prior").prior is None
    assert changed_keys("no-prior") == {"variant"}


def test_no_search_draws_with_the_seed_of_its_training() -> None:
    zero, one = training("no-search", 0).prior, training("no-search", 1).prior
    assert zero is not None
    assert one is not None
    assert (zero.search, zero.seed, one.seed) == (None, 0, 1)
    assert zero.pool == one.pool == GIVEN.pool
    assert changed_keys("no-search") == {"variant"}


def test_no_refiner_changes_the_networks_alone() -> None:
    assert training("no-refiner").recipe.model.refiner is None
    assert changed_keys("no-refiner") == {"model"}
    assert training("no-refiner").prior == training("full").prior


def test_no_refiner_takes_the_renderer_away_too_where_it_has_the_refiners_place() -> None:
    given = replace(GIVEN, recipe=load_recipe("diffusion"))
    trained = build_method("no-refiner", 0, given).train
    assert trained is not None
    assert (trained.recipe.model.refiner, trained.recipe.model.renderer) == (None, None)
    with pytest.raises(SettingsError, match="render renders and has none"):
        build_method("no-refiner", 0, replace(GIVEN, recipe=load_recipe("render")))


def test_a_dose_of_the_prior_changes_its_weight_in_the_loss_alone() -> None:
    assert expand_variants(["prior-weight=0.5,8"], POOL) == ("prior-weight=0.5", "prior-weight=8")
    assert changed_keys("prior-weight=8") == {"loss"}
    assert training("prior-weight=8").recipe.loss.x0 == 8.0
    assert training("prior-weight=8").prior == training("full").prior


def test_steps_sample_the_full_model_without_training_it_again() -> None:
    methods = [build_method(name, 1, GIVEN) for name in ("full", "steps=1", "steps=8")]
    assert len({method.train.cell_id for method in methods if method.train}) == 1
    assert [method.steps for method in methods] == [None, 1, 8]
    assert [method.variant for method in methods] == ["full", "steps=1", "steps=8"]


def test_leaving_a_candidate_out_leaves_the_others_in_their_order() -> None:
    prior = training("without:gff").prior
    assert prior is not None
    assert [candidate.spec for candidate in prior.pool] == ["laplacian", "average"]
    assert prior.search == GIVEN.search
    assert changed_keys("without:gff") == set()


def test_other_weights_change_the_goal_and_what_is_not_named_has_none() -> None:
    prior = training("weights:ssim=1,vif=0.5").prior
    assert prior is not None
    assert prior.search == SearchSettings(weights={"ssim": 1.0, "vif": 0.5})
    assert prior.pool == GIVEN.pool


def test_every_variant_and_seed_is_a_method_of_its_own() -> None:
    names = expand_variants(["full", "no-prior", "no-search", "no-refiner", "steps=1,2", "without:*"], POOL)
    assert len(names) == 9
    methods = [build_method(name, seed, GIVEN) for name in names for seed in (0, 1)]
    assert len({str(to_mapping(method)) for method in methods}) == 18
    assert all(isinstance(method, Method) and method.spec == "diffif" for method in methods)


def test_unknown_variants_and_candidates_are_refused_with_a_suggestion() -> None:
    with pytest.raises(UnknownName, match="Did you mean 'no-prior'"):
        expand_variants(["no-prio"], POOL)
    with pytest.raises(UnknownName, match="unknown candidate 'gfff'"):
        expand_variants(["without:gfff"], POOL)
    with pytest.raises(UnknownName, match="Did you mean 'ssim'"):
        expand_variants(["weights:sim=1"], POOL)
    with pytest.raises(SettingsError, match="numbers of denoising steps"):
        expand_variants(["steps=0"], POOL)
    for weight in ("-1", "nan", "inf", "much", ""):
        with pytest.raises(SettingsError, match="expected weights of the prior"):
            expand_variants([f"prior-weight={weight}"], POOL)
    with pytest.raises(SettingsError, match="must not be all 0"):
        expand_variants(["weights:ssim=0"], POOL)
    with pytest.raises(SettingsError, match="at least two"):
        expand_variants(["without:*"], ["average"])
