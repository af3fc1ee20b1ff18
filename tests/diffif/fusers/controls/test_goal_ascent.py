"""The control that climbs the search's goal."""

from __future__ import annotations

import pytest
import torch
from torch import Tensor

from datasets.images import rgb_to_y
from diffif.fusers.registry import build_fuser
from diffif.prior.goal import SearchSettings, measure, weighted_sum
from suite.errors import SettingsError
from tests.contracts.fuser_contract import make_pair


def complementary_pair(height: int, width: int) -> tuple[Tensor, Tensor]:
    """Sources that share a scene, each of which sees one half well and the other faintly."""
    visible, _ = make_pair(height, width, grey=True)
    faint = 0.5 + 0.3 * (visible - visible.mean())
    left = torch.arange(width) < width // 2
    return torch.where(left, visible, faint), torch.where(left, faint, visible)[:, :1]


def goal_of(spec: str, visible: Tensor, infrared: Tensor) -> float:
    """The search's own goal, of the 8-bit image."""
    fused = (rgb_to_y(build_fuser(spec).fuse(visible, infrared)).clamp(0, 1) * 255).round() / 255
    settings = SearchSettings()
    values = measure(settings, fused, rgb_to_y(visible).clamp(0, 1), infrared, where="pair")
    return weighted_sum(settings, {name: float(value) for name, value in values.items()})


def test_ascent_reaches_more_of_the_search_goal_than_it_starts_with_and_than_any_simple_fuser() -> None:
    visible, infrared = complementary_pair(96, 112)
    reached = goal_of("goal-ascent@steps=40", visible, infrared)
    assert reached > max(goal_of(name, visible, infrared) for name in ("max", "average", "laplacian", "visible")) + 0.05


def test_more_steps_reach_more() -> None:
    visible, infrared = complementary_pair(64, 64)
    few, many = (goal_of(f"goal-ascent@steps={steps}", visible, infrared) for steps in (5, 40))
    assert many > few


def test_a_source_that_has_the_higher_goal_is_the_result() -> None:
    visible, infrared = make_pair(64, 64, grey=True)
    fused = build_fuser("goal-ascent@steps=2").fuse(visible, infrared)
    torch.testing.assert_close(fused, visible, atol=1e-5, rtol=0)


def test_ascent_works_where_gradients_are_switched_off() -> None:
    visible, infrared = make_pair(48, 48)
    with torch.no_grad():
        first = build_fuser("goal-ascent@steps=2").fuse(visible, infrared)
    assert torch.equal(first, build_fuser("goal-ascent@steps=2").fuse(visible, infrared))


def test_it_is_announced_as_a_control() -> None:
    fuser = build_fuser("goal-ascent")
    assert fuser.kind == "control"
    assert "control" in fuser.label


@pytest.mark.parametrize("setting", ["steps=0", "rate=0", "rate=nan"])
def test_settings_that_climb_nothing_are_refused(setting: str) -> None:
    with pytest.raises(SettingsError, match="goal-ascent needs steps"):
        build_fuser(f"goal-ascent@{setting}")
