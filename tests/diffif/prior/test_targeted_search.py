"""Targeted search keeps the candidate with the best weighted score, says so, and resumes after an interruption."""

from __future__ import annotations

import json
import sys
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

import numpy as np
import pandas as pd
import pytest
import torch

from datasets.base import PairedDataset
from datasets.images import read_array, read_image, read_pair, rgb_to_y, write_image
from diffif.metrics import evaluate
from diffif.prior.candidates import Candidates
from diffif.prior.goal import SearchSettings
from diffif.prior.targeted_search import draw, search
from diffif.training.data import PriorPairs
from suite.errors import DatasetError

MakePairs = Callable[..., PairedDataset]
MakePool = Callable[..., list[Candidates]]


def goal(**weights: float) -> SearchSettings:
    return SearchSettings(weights=weights)


def test_the_best_weighted_score_wins_and_its_file_becomes_the_prior(
    make_pairs: MakePairs, make_pool: MakePool, tmp_path: Path
) -> None:
    dataset = make_pairs()
    pool = make_pool(dataset, tmp_path)
    table = search(dataset.samples, pool, tmp_path).table
    for sample in dataset:
        visible, infrared = read_pair(sample.visible, sample.infrared)
        goals = {}
        for candidates in pool:
            fused = read_image(candidates.path(sample.id), "grey")
            scores = evaluate(fused, rgb_to_y(visible), infrared, metrics=("ssim", "vif", "qabf"))
            goals[candidates.fuser] = float(2 * scores["ssim"] + scores["vif"] + 3 * scores["qabf"])
        best = max(goals, key=lambda name: goals[name])
        chosen = table[(table.id == sample.id) & table.chosen]
        assert chosen.candidate.tolist() == [best]
        assert chosen.score.item() == pytest.approx(goals[best], rel=1e-6)
        winner = next(c for c in pool if c.fuser == best)
        prior = tmp_path / "Fusion_K" / f"{sample.id}.png"
        assert prior.read_bytes() == winner.path(sample.id).read_bytes()
        assert read_array(prior).shape == (72, 80, 3)


def test_other_weights_can_choose_another_candidate(make_pairs: MakePairs, make_pool: MakePool, tmp_path: Path) -> None:
    dataset = make_pairs()
    pool = make_pool(dataset, tmp_path)
    for settings, metric, best in ((goal(ssim=1), "ssim", "idxmax"), (goal(mse=-1), "mse", "idxmin")):
        table = search(dataset.samples, pool, tmp_path, settings).table
        assert set(table.columns) == {"id", "candidate", "status", metric, "score", "chosen", "tied"}
        assert table.loc[getattr(table.groupby("id")[metric], best)()].chosen.all()


def test_a_restart_scores_nothing_twice_and_other_weights_reuse_the_values(
    make_pairs: MakePairs, make_pool: MakePool, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    dataset = make_pairs()
    pool = make_pool(dataset, tmp_path)
    first = search(dataset.samples, pool, tmp_path)
    assert first.num_kept == 0
    monkeypatch.setattr("diffif.prior.targeted_search.measure", None)
    again = search(dataset.samples, pool, tmp_path)
    assert again.num_kept == len(dataset)
    pd.testing.assert_frame_equal(again.table, first.table)
    other = search(dataset.samples, pool[1:], tmp_path, goal(vif=1)).table
    assert other.groupby("id").candidate.apply(list).tolist() == [["max", "visible"]] * len(dataset)


def test_a_larger_pool_scores_only_what_is_new(
    make_pairs: MakePairs, make_pool: MakePool, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    from diffif.prior import targeted_search

    dataset = make_pairs(count=1)
    pool = make_pool(dataset, tmp_path)
    search(dataset.samples, pool[:2], tmp_path)
    counts, measure = [], targeted_search.measure

    def counting(settings: SearchSettings, fused: torch.Tensor, *rest: torch.Tensor, where: str) -> object:
        counts.append(len(fused))
        return measure(settings, fused, *rest, where=where)

    monkeypatch.setattr(targeted_search, "measure", counting)
    grown = search(dataset.samples, pool, tmp_path).table
    assert counts == [1]
    fresh = search(dataset.samples, pool, tmp_path / "fresh").table
    pd.testing.assert_frame_equal(grown, fresh)


def test_equal_scores_are_a_tie_that_the_earlier_candidate_wins_and_that_is_counted(
    make_pairs: MakePairs, make_pool: MakePool, tmp_path: Path
) -> None:
    dataset = make_pairs(count=2)
    pool = make_pool(dataset, tmp_path)
    twin = replace(pool[1], fuser="twin", folder=tmp_path / "twin")
    for sample in dataset:
        write_image(twin.path(sample.id), read_array(pool[1].path(sample.id)))
    for order in ([twin, pool[1]], [pool[1], twin]):
        table = search(dataset.samples, order, tmp_path).table
        assert set(table[table.chosen].candidate) == {order[0].fuser}
        assert table.tied.all()
    assert json.loads((tmp_path / "search.json").read_text())["ties"] == 2
    assert not search(dataset.samples, pool, tmp_path).table.tied.any()


def test_of_tied_images_the_earlier_ones_pixels_become_the_prior(
    make_pairs: MakePairs, make_pool: MakePool, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    module = type(sys)("same_scores")
    module.__dict__["always_one"] = lambda fused, visible, infrared: torch.ones(len(fused))
    module.__file__ = __file__
    monkeypatch.setitem(sys.modules, "same_scores", module)
    dataset = make_pairs(count=1)
    pool = make_pool(dataset, tmp_path)
    search(dataset.samples, pool, tmp_path, SearchSettings(weights={"same_scores:always_one": 1}))
    prior = (tmp_path / "Fusion_K" / "train000.png").read_bytes()
    assert [prior == c.path("train000").read_bytes() for c in pool] == [True, False, False]


def test_a_pair_without_a_defined_score_is_named_after_all_others_are_done(
    make_pairs: MakePairs, make_pool: MakePool, tmp_path: Path
) -> None:
    dataset = make_pairs(count=3)
    for path in (dataset[0].visible, dataset[0].infrared):
        write_image(path, torch.full((3, 72, 80), 0.5))
    with pytest.raises(DatasetError, match=r"1 of 3 pairs have no prior[\s\S]*\n  train000: "):
        search(dataset.samples, make_pool(dataset, tmp_path), tmp_path)
    assert sorted(p.stem for p in (tmp_path / "Fusion_K").iterdir()) == ["train001", "train002"]
    table = pd.read_parquet(tmp_path / "scores.parquet")
    assert (table[table.id == "train000"].status == "undefined").all()
    assert json.loads((tmp_path / "search.json").read_text())["undefined"] == 3


def test_an_undefined_candidate_never_wins_and_is_counted(
    make_pairs: MakePairs, make_pool: MakePool, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    module = type(sys)("nan_scores")
    module.__dict__["first_is_nan"] = lambda fused, visible, infrared: torch.tensor([torch.nan, 1.0, 0.0])
    monkeypatch.setitem(sys.modules, "nan_scores", module)
    module.__file__ = __file__
    dataset = make_pairs(count=2)
    pool = make_pool(dataset, tmp_path)
    settings = SearchSettings(weights={"nan_scores:first_is_nan": 1})
    table = search(dataset.samples, pool, tmp_path, settings).table
    assert table[table.chosen].candidate.tolist() == ["max", "max"]
    assert table[table.status == "undefined"].candidate.tolist() == ["average", "average"]


def test_a_missing_candidate_is_left_out_for_its_pair_alone(
    make_pairs: MakePairs, make_pool: MakePool, tmp_path: Path
) -> None:
    dataset = make_pairs()
    pool = make_pool(dataset, tmp_path)
    whole = search(dataset.samples, pool, tmp_path).table
    winner = whole[whole.chosen].candidate.iloc[0]
    pool = [replace(c, absent=frozenset({"train000"})) if c.fuser == winner else c for c in pool]
    table = search(dataset.samples, pool, tmp_path).table
    assert table[table.status == "missing"][["id", "candidate"]].to_numpy().tolist() == [["train000", winner]]
    assert table[table.chosen].candidate.iloc[0] != winner
    assert table.chosen.sum() == len(dataset)
    pd.testing.assert_frame_equal(table[table.id != "train000"], whole[whole.id != "train000"])


def test_a_candidate_of_another_size_is_refused_by_name(
    make_pairs: MakePairs, make_pool: MakePool, tmp_path: Path
) -> None:
    dataset = make_pairs(count=1)
    pool = make_pool(dataset, tmp_path)
    write_image(pool[1].path(dataset[0].id), torch.rand(1, 10, 10))
    with pytest.raises(DatasetError, match=r"10x10 \(HxW\), its pair 72x80"):
        search(dataset.samples, pool, tmp_path)


def test_training_sees_the_luma_of_the_chosen_image_within_a_grey_level(
    make_pairs: MakePairs, make_pool: MakePool, tmp_path: Path
) -> None:
    dataset = make_pairs(count=2)
    pool = make_pool(dataset, tmp_path)
    table = search(dataset.samples, pool, tmp_path).table
    pairs = PriorPairs(dataset.samples, tmp_path / "Fusion_K", crop=64)
    for sample, image, winner in zip(dataset, pairs.images, table[table.chosen].candidate, strict=True):
        chosen = read_image(next(c for c in pool if c.fuser == winner).path(sample.id), "grey")[0, 0] * 255
        assert np.abs(image[2] - chosen.numpy()).max() <= 0.5 + 1e-3


def test_a_grey_prior_means_the_same_to_training_whether_stored_as_grey_or_as_colour(
    make_pairs: MakePairs, tmp_path: Path
) -> None:
    dataset = make_pairs(count=1, size=(16, 16))
    levels = np.arange(256, dtype=np.uint8).reshape(16, 16)
    for name, pixels in (("grey", levels), ("colour", np.stack([levels] * 3, axis=2))):
        write_image(tmp_path / name / f"{dataset[0].id}.png", pixels)
        assert (PriorPairs(dataset.samples, tmp_path / name, crop=16).images[0][2] == levels).all()


def test_the_random_draw_depends_on_seed_and_id_alone(
    make_pairs: MakePairs, make_pool: MakePool, tmp_path: Path
) -> None:
    dataset = make_pairs(count=30, size=(16, 16))
    pool = make_pool(dataset, tmp_path)
    table = draw(dataset.samples, pool, tmp_path, seed=1)
    part = draw(dataset.samples[10:], pool, tmp_path, seed=1)
    assert table[table.id.isin(part.id)].chosen.tolist() == part.chosen.tolist()
    assert draw(dataset.samples, pool, tmp_path, seed=2).chosen.tolist() != table.chosen.tolist()
    assert table[table.chosen].candidate.nunique() == len(pool)


def test_a_missing_candidate_is_never_drawn(make_pairs: MakePairs, make_pool: MakePool, tmp_path: Path) -> None:
    dataset = make_pairs(count=20, size=(16, 16))
    pool = make_pool(dataset, tmp_path)
    pool[0] = replace(pool[0], absent=frozenset(sample.id for sample in dataset))
    table = draw(dataset.samples, pool, tmp_path)
    assert table.chosen.sum() == 20
    assert pool[0].fuser not in set(table[table.chosen].candidate)


def test_the_origin_of_a_prior_is_written_beside_it(make_pairs: MakePairs, make_pool: MakePool, tmp_path: Path) -> None:
    dataset = make_pairs(count=2)
    pool = make_pool(dataset, tmp_path)
    table = search(dataset.samples, pool, tmp_path, goal(vif=1)).table
    origin = json.loads((tmp_path / "search.json").read_text())
    assert origin["pool"] == {c.fuser: c.fingerprint for c in pool}
    assert origin["settings"] == {"weights": {"vif": 1.0}, "convention": "standard"}
    pd.testing.assert_frame_equal(pd.read_parquet(tmp_path / "scores.parquet"), table)
    assert pd.read_csv(tmp_path / "summary.csv").wins.sum() == 2
