"""The goal of the search: any metric in its direction, functions of one's own, and errors before any work."""

from __future__ import annotations

import math
import sys
from pathlib import Path

import pytest
import torch

from diffif.metrics import evaluate
from diffif.prior.custom_score import code_mark, load_score
from diffif.prior.goal import SearchSettings, change_goal, measure, parse_weights, try_out, weighted_sum
from suite.errors import ImageError, SettingsError, UnknownName
from suite.settings import fingerprint, from_mapping, to_mapping

SCORES = """
import torch
def brightness(fused, visible, infrared):
    assert fused.shape == visible.shape == infrared.shape
    return fused.mean(dim=(1, 2, 3))
def per_pixel(fused, visible, infrared):
    return fused - visible
def plain_number(fused, visible, infrared):
    return 1.0
def broken(fused, visible, infrared):
    return fused @ torch.ones(3, 3)
NUMBER = 3
"""


@pytest.fixture
def own_scores(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A module `own_scores` that can be imported."""
    load_score.cache_clear()
    monkeypatch.delitem(sys.modules, "own_scores", raising=False)
    file = tmp_path / "modules" / "own_scores.py"
    file.parent.mkdir()
    file.write_text(SCORES)
    monkeypatch.syspath_prepend(file.parent)
    return file


def images(count: int) -> torch.Tensor:
    return torch.rand(count, 1, 24, 32, generator=torch.Generator().manual_seed(count))


def test_the_default_is_the_published_goal() -> None:
    assert SearchSettings().weights == {"ssim": 2, "vif": 1, "qabf": 3}


def test_any_metric_can_be_weighted() -> None:
    settings = SearchSettings(weights=parse_weights("scd=1, psnr = 0.5,en=2"))
    assert settings.weights == {"scd": 1, "psnr": 0.5, "en": 2}
    fused, visible, infrared = images(3), images(1), images(2)[:1]
    found = measure(settings, fused, visible, infrared, where="x")
    expected = evaluate(fused, visible.repeat(3, 1, 1, 1), infrared.repeat(3, 1, 1, 1), metrics=("scd", "psnr", "en"))
    for name, values in expected.items():
        torch.testing.assert_close(found[name], values)


def test_a_weight_of_zero_is_no_term_and_changes_no_fingerprint() -> None:
    with_zero = SearchSettings(weights={"ssim": 1, "vif": 0})
    assert with_zero == SearchSettings(weights={"ssim": 1})
    assert fingerprint(to_mapping(with_zero)) == fingerprint(to_mapping(SearchSettings(weights={"ssim": 1})))


def test_settings_survive_a_file_and_can_be_hashed() -> None:
    settings = SearchSettings(weights={"mi": 1}, convention="tang")
    assert from_mapping(SearchSettings, to_mapping(settings)) == settings
    assert hash(settings) == hash(from_mapping(SearchSettings, to_mapping(settings)))


@pytest.mark.parametrize(
    ("weights", "message"),
    [
        ({"nabf": 1}, r"NABF is better when lower and the search maximises, so its weight must be negative: nabf=-1"),
        ({"qsf": 1}, "QSF is best towards 0, and the search maximises"),
        ({"ssim": -2}, r"better when higher .* must not be negative: ssim=2"),
        ({"ssim": 0, "vif": 0}, "nothing to maximise"),
        ({}, "nothing to maximise"),
        ({"ssim": math.nan}, "must be a finite number"),
    ],
)
def test_weights_that_make_no_sense_are_refused(weights: dict[str, float], message: str) -> None:
    with pytest.raises(SettingsError, match=f"(?i){message}"):
        SearchSettings(weights=weights)


def test_a_pair_too_small_for_a_metric_of_the_goal_is_named_before_any_work() -> None:
    image = torch.zeros(1, 1, 120, 160)
    with pytest.raises(ImageError, match=r"00001: the images are 120x160 \(HxW\); ms_ssim needs at least 161x161"):
        try_out(SearchSettings(weights={"ms_ssim": 1}), image, image, where="00001")


def test_a_lower_is_better_metric_counts_against_a_candidate() -> None:
    settings = SearchSettings(weights={"mse": -1})
    assert weighted_sum(settings, {"mse": 3.0}) == -3.0


def test_a_misspelled_metric_gets_a_suggestion() -> None:
    with pytest.raises(UnknownName, match="Did you mean 'qabf'"):
        SearchSettings(weights={"qbaf": 1})


def test_a_metric_that_the_convention_lacks_is_refused() -> None:
    with pytest.raises(SettingsError, match="does not define 'qcb'"):
        SearchSettings(weights={"qcb": 1}, convention="tang")
    with pytest.raises(UnknownName, match="convention"):
        SearchSettings(convention="tank")


@pytest.mark.parametrize(
    ("text", "message"), [("ssim", "NAME=NUMBER"), ("ssim=1,ssim=2", "twice"), ("vif=x", "number")]
)
def test_text_that_is_no_list_of_weights_is_refused(text: str, message: str) -> None:
    with pytest.raises(SettingsError, match=message):
        parse_weights(text)


def test_changes_keep_the_other_weights() -> None:
    changed = change_goal(SearchSettings(), {"ssim": "1", "vif": 0, "scd": 0.5, "convention": "tang"})
    assert changed == SearchSettings(weights={"ssim": 1, "qabf": 3, "scd": 0.5}, convention="tang")
    with pytest.raises(UnknownName, match="Did you mean 'convention'"):
        change_goal(SearchSettings(), {"convetion": "tang"})


def test_an_undefined_or_infinite_term_makes_the_goal_undefined() -> None:
    settings = SearchSettings(weights={"ssim": 1, "psnr": 1})
    assert math.isnan(weighted_sum(settings, {"ssim": math.nan, "psnr": 1.0}))
    assert math.isnan(weighted_sum(settings, {"ssim": 1.0, "psnr": math.inf}))


def test_the_order_of_the_weights_changes_no_digit() -> None:
    values = {"ssim": 0.1, "vif": 0.7, "qabf": 1e-9, "scd": 1e9}
    weights = {"ssim": 2.0, "vif": 1 / 3, "qabf": 3.0, "scd": 1.0}
    backwards = dict(reversed(weights.items()))
    assert weighted_sum(SearchSettings(weights=weights), values) == weighted_sum(
        SearchSettings(weights=backwards), values
    )


def test_an_own_function_scores_beside_a_metric(own_scores: Path) -> None:
    settings = SearchSettings(weights={"ssim": 1, "own_scores:brightness": 2})
    fused = images(3)
    found = measure(settings, fused, images(1), images(1), where="x")
    torch.testing.assert_close(found["own_scores:brightness"], fused.mean(dim=(1, 2, 3)).double())
    assert found["ssim"].shape == (3,)


@pytest.mark.parametrize(
    ("spec", "message"),
    [
        ("no_such_module:score", "cannot import the score 'no_such_module:score'"),
        ("own_scores:brightnes", r"no such name in own_scores[\s\S]*Functions there: brightness"),
        ("own_scores:NUMBER", "NUMBER is int"),
        ("own_scores:per_pixel", r"returned shape \(2, 1, 24, 32\) for 2 candidates, expected \(2,\)"),
        ("own_scores:plain_number", "returned float, expected a tensor"),
        ("own_scores:broken", "failed on the pair 00131D: RuntimeError"),
    ],
)
def test_a_faulty_function_is_explained_before_any_work(own_scores: Path, spec: str, message: str) -> None:
    with pytest.raises(SettingsError, match=message):
        try_out(SearchSettings(weights={spec: 1}), images(1), images(1), where="00131D")


def test_values_are_kept_under_a_name_that_changes_with_convention_and_code(own_scores: Path) -> None:
    name = "own_scores:brightness"
    settings = SearchSettings(weights={"ssim": 1, name: 1})
    before = settings.keys()
    assert before["ssim"] != SearchSettings(weights={"ssim": 1}, convention="tang").keys()["ssim"]
    mark = code_mark(name)
    own_scores.write_text(SCORES + "\n# edited\n")
    assert code_mark(name) != mark
    assert settings.keys()[name] != before[name]
