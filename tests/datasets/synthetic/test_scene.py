"""Scenes are a function of settings, split and index, and of nothing else."""

from __future__ import annotations

from dataclasses import replace

import pytest

from datasets.synthetic.scene import compose, scene_id
from datasets.synthetic.settings import ContentSettings, EvidenceShares, SyntheticSettings
from suite.errors import SettingsError

SETTINGS = SyntheticSettings(height=128, width=160)


def test_same_settings_split_and_index_give_the_same_scene() -> None:
    assert compose(SETTINGS, "train", 3) == compose(SETTINGS, "train", 3)


def test_a_scene_does_not_depend_on_how_many_there_are() -> None:
    more = replace(SETTINGS, num_train=9999, num_test=1)
    assert compose(more, "train", 3) == compose(SETTINGS, "train", 3)


@pytest.mark.parametrize("other", [("train", 4), ("val", 3), ("test", 3)])
def test_another_index_or_split_gives_another_scene(other: tuple[str, int]) -> None:
    assert compose(SETTINGS, *other).things != compose(SETTINGS, "train", 3).things


def test_another_seed_gives_another_scene() -> None:
    assert compose(replace(SETTINGS, seed=1), "train", 3).things != compose(SETTINGS, "train", 3).things


def test_ids_are_unique_over_the_splits() -> None:
    assert [scene_id(split, 7) for split in ("train", "val", "test")] == ["000007", "100007", "200007"]


def test_night_fraction_decides_day_and_night() -> None:
    for fraction in (0.0, 1.0):
        scenes = [compose(replace(SETTINGS, night_fraction=fraction), "train", index) for index in range(5)]
        assert all(scene.street.night == bool(fraction) for scene in scenes)


def test_shares_of_evidence_are_followed() -> None:
    only = replace(SETTINGS, evidence=EvidenceShares(both=0.0, infrared=1.0, visible=0.0))
    kinds = {thing.evidence for index in range(10) for thing in compose(only, "train", index).things}
    # A parked bicycle is never warm, so it can only be seen by both or by the visible camera.
    people = {
        t.evidence for i in range(10) for t in compose(only, "train", i).things if t.kind in ("person", "rider", "car")
    }
    assert people == {"infrared"}
    assert "none" in kinds


def test_things_come_far_to_near_so_that_near_ones_cover() -> None:
    depths = [thing.depth for thing in compose(SETTINGS, "train", 0).things]
    assert depths == sorted(depths, reverse=True)


def test_an_unknown_split_is_refused() -> None:
    with pytest.raises(SettingsError, match="train, val, test"):
        compose(SETTINGS, "trian", 0)


@pytest.mark.parametrize(
    "name", ["posters", "statues", "reflections", "cabinets", "plumes", "manholes", "animals", "parked_bicycles"]
)
def test_a_rate_of_zero_leaves_a_kind_of_thing_out_and_a_high_one_draws_it(name: str) -> None:
    kind = {"animals": "dog", "parked_bicycles": "bicycle"}.get(name, name.removesuffix("s"))
    count = {}
    for rate in (0.0, 6.0):
        content = replace(ContentSettings(cyclists=(0, 0)), **{name: rate})
        scenes = [compose(replace(SETTINGS, content=content), "train", index) for index in range(5)]
        count[rate] = sum(thing.kind == kind for scene in scenes for thing in scene.things)
    assert count[0.0] == 0
    assert count[6.0] > 0
