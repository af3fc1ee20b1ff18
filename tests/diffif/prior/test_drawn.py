"""The variant no-search draws its prior; its name is refused where the prior was chosen in another way."""

from __future__ import annotations

import shutil
from pathlib import Path

import pytest

from diffif.prior.drawn import check_choice, drawn_prior, read_origin
from diffif.prior.targeted_search import PRIOR_FOLDER, draw, search
from suite.errors import SettingsError
from tests.conftest import MakeLabelledPairs
from tests.diffif.prior.conftest import MakePool


def test_a_draw_from_the_pool_of_a_search_is_the_draw_that_the_search_command_makes(
    make_labelled_pairs: MakeLabelledPairs, make_pool: MakePool, tmp_path: Path
) -> None:
    pairs = make_labelled_pairs(8, size=(48, 64), task="quality")
    pool = make_pool(pairs, tmp_path / "prior")
    search(pairs.samples, pool, tmp_path / "prior")
    searched = tmp_path / "prior" / PRIOR_FOLDER
    drawn = drawn_prior(searched, pairs.samples, tmp_path / "run", seed=3)
    draw(pairs.samples, pool, tmp_path / "other", seed=3)

    def contents(folder: Path) -> list[bytes]:
        return [(folder / f"{sample.id}.png").read_bytes() for sample in pairs]

    assert contents(drawn) == contents(tmp_path / "other" / PRIOR_FOLDER)
    assert contents(drawn) != contents(searched)
    assert contents(drawn_prior(searched, pairs.samples, tmp_path / "run4", seed=4)) != contents(drawn)
    assert drawn_prior(drawn, pairs.samples, tmp_path / "again", seed=9) == drawn
    assert read_origin(drawn)["seed"] == 3


def test_a_candidate_that_lacks_a_pair_is_not_drawn_for_it(
    make_labelled_pairs: MakeLabelledPairs, make_pool: MakePool, tmp_path: Path
) -> None:
    pairs = make_labelled_pairs(4, size=(48, 64), task="quality")
    pool = make_pool(pairs, tmp_path / "prior", ("average", "max"))
    search(pairs.samples, pool, tmp_path / "prior")
    pool[0].path("000001").unlink()
    for seed in range(4):
        drawn = drawn_prior(tmp_path / "prior" / PRIOR_FOLDER, pairs.samples, tmp_path / str(seed), seed=seed)
        assert (drawn / "000001.png").read_bytes() == pool[1].path("000001").read_bytes()


def test_the_variant_and_the_choice_of_the_prior_must_agree(
    make_labelled_pairs: MakeLabelledPairs, make_pool: MakePool, tmp_path: Path
) -> None:
    pairs = make_labelled_pairs(3, size=(48, 64), task="quality")
    pool = make_pool(pairs, tmp_path / "prior")
    search(pairs.samples, pool, tmp_path / "searched")
    draw(pairs.samples, pool, tmp_path / "drawn")
    searched, drawn = tmp_path / "searched" / PRIOR_FOLDER, tmp_path / "drawn" / PRIOR_FOLDER
    check_choice("full", searched)
    check_choice("no-search", drawn)
    check_choice("full", tmp_path / "images of somebody else")
    with pytest.raises(SettingsError, match="drawn at random"):
        check_choice("no-search", searched)
    with pytest.raises(SettingsError, match="--variant no-search"):
        check_choice("full", drawn)
    shutil.rmtree(tmp_path / "prior" / "fused")
    with pytest.raises(SettingsError, match="has none"):
        drawn_prior(searched, pairs.samples, tmp_path / "run", seed=0)
