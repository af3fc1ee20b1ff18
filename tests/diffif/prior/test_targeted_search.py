"""Targeted search keeps the candidate with the best weighted score, says so, and goes on after an interruption."""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path

import pandas as pd
import pytest
import torch

from datasets.base import PairedDataset
from datasets.errors import DatasetError, SettingsError
from datasets.images import read_array, read_pair, rgb_to_y, write_image
from diffif.fusers.registry import build_fuser
from diffif.metrics import evaluate
from diffif.prior.candidates import Candidates, make_candidates
from diffif.prior.targeted_search import SearchSettings, draw, search, summarise

MakePairs = Callable[..., PairedDataset]
FUSERS = ("average", "max", "visible")


def _pool(dataset: PairedDataset, out: Path) -> list[Candidates]:
    return make_candidates(dataset.samples, [(name, build_fuser(name)) for name in FUSERS], out)


def test_the_best_weighted_score_wins_and_its_file_becomes_the_prior(make_pairs: MakePairs, tmp_path: Path) -> None:
    dataset = make_pairs()
    pool = _pool(dataset, tmp_path)
    table = search(dataset.samples, pool, tmp_path)
    for sample in dataset:
        visible, infrared = read_pair(sample.visible, sample.infrared)
        goals = {}
        for candidates in pool:
            fused = torch.from_numpy(read_array(candidates.path(sample.id)))[None, None] / 255.0
            scores = evaluate(fused, rgb_to_y(visible), infrared, metrics=("ssim", "vif", "qabf"))
            goals[candidates.fuser] = float(2 * scores["ssim"] + scores["vif"] + 3 * scores["qabf"])
        best = max(goals, key=lambda name: goals[name])
        chosen = table[(table.id == sample.id) & table.chosen]
        assert chosen.candidate.tolist() == [best]
        assert chosen.score.item() == pytest.approx(goals[best], rel=1e-6)
        winner = next(c for c in pool if c.fuser == best)
        assert (read_array(tmp_path / "Fusion_K" / f"{sample.id}.png") == read_array(winner.path(sample.id))).all()


def test_other_weights_can_choose_another_candidate(make_pairs: MakePairs, tmp_path: Path) -> None:
    dataset = make_pairs()
    pool = _pool(dataset, tmp_path)
    for settings, metric in ((SearchSettings(ssim=1, vif=0, qabf=0), "ssim"), (SearchSettings(ssim=0, qabf=0), "vif")):
        table = search(dataset.samples, pool, tmp_path, settings)
        assert set(table.columns) == {"id", "candidate", metric, "score", "chosen"}
        best = table.loc[table.groupby("id")[metric].idxmax()]
        assert best.chosen.all()


def test_a_restart_scores_nothing_twice(make_pairs: MakePairs, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    dataset = make_pairs()
    pool = _pool(dataset, tmp_path)
    first = search(dataset.samples, pool, tmp_path)
    monkeypatch.setattr("diffif.prior.targeted_search.Sources", None)
    pd.testing.assert_frame_equal(search(dataset.samples, pool, tmp_path), first)


def test_finished_candidates_are_not_fused_again(make_pairs: MakePairs, tmp_path: Path) -> None:
    dataset = make_pairs(count=2)
    pool = _pool(dataset, tmp_path)
    before = pool[0].path(dataset[0].id).stat().st_mtime_ns
    pool[0].path(dataset[1].id).unlink()
    _pool(dataset, tmp_path)
    assert pool[0].path(dataset[0].id).stat().st_mtime_ns == before
    assert pool[0].path(dataset[1].id).is_file()


def test_a_pool_of_undefined_scores_is_an_error_that_names_the_pair(make_pairs: MakePairs, tmp_path: Path) -> None:
    dataset = make_pairs(count=1)
    for path in (dataset[0].visible, dataset[0].infrared):
        write_image(path, torch.full((3, 72, 80), 0.5))
    with pytest.raises(DatasetError, match=r"train000: every candidate's score is undefined"):
        search(dataset.samples, _pool(dataset, tmp_path), tmp_path)


def test_a_candidate_of_another_size_is_refused_by_name(make_pairs: MakePairs, tmp_path: Path) -> None:
    dataset = make_pairs(count=1)
    pool = _pool(dataset, tmp_path)
    write_image(pool[1].path(dataset[0].id), torch.rand(1, 10, 10))
    with pytest.raises(DatasetError, match=r"10x10 \(HxW\), its pair 72x80"):
        search(dataset.samples, pool, tmp_path)


def test_the_random_draw_depends_on_seed_and_id_alone(make_pairs: MakePairs, tmp_path: Path) -> None:
    dataset = make_pairs(count=30, size=(16, 16))
    pool = _pool(dataset, tmp_path)
    table = draw(dataset.samples, pool, tmp_path, seed=1)
    part = draw(dataset.samples[10:], pool, tmp_path, seed=1)
    assert table[table.id.isin(part.id)].chosen.tolist() == part.chosen.tolist()
    assert draw(dataset.samples, pool, tmp_path, seed=2).chosen.tolist() != table.chosen.tolist()
    assert set(summarise(table).query("wins > 0").candidate) == set(FUSERS)


def test_the_origin_of_a_prior_is_written_beside_it(make_pairs: MakePairs, tmp_path: Path) -> None:
    dataset = make_pairs(count=2)
    pool = _pool(dataset, tmp_path)
    search(dataset.samples, pool, tmp_path)
    origin = json.loads((tmp_path / "search.json").read_text())
    assert origin["pool"] == {c.fuser: c.fingerprint for c in pool}
    assert pd.read_csv(tmp_path / "summary.csv").wins.sum() == 2


def test_weights_that_choose_nothing_are_refused() -> None:
    with pytest.raises(SettingsError, match="not all 0"):
        SearchSettings(ssim=0, vif=0, qabf=0)


def test_a_pool_that_names_a_fuser_twice_is_refused(make_pairs: MakePairs, tmp_path: Path) -> None:
    with pytest.raises(SettingsError, match="each only once"):
        make_candidates(make_pairs(count=1).samples, [("max", build_fuser("max"))] * 2, tmp_path)
