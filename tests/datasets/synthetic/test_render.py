"""What is drawn: same pixels for the same scene, any size, and evidence that is true."""

from __future__ import annotations

from collections import defaultdict
from dataclasses import replace

import numpy as np
import pytest

from datasets.synthetic.render import RenderedPair, render, render_scene
from datasets.synthetic.scene import compose
from datasets.synthetic.settings import EVIDENCE_IDS, MASK_IDS, SensorSettings, SyntheticSettings

SETTINGS = SyntheticSettings(height=160, width=200)
NUM_SCENES = 14
LABELLED = ("person", "rider", "car", "bicycle")


@pytest.fixture(scope="module")
def pairs() -> list[RenderedPair]:
    return [render(SETTINGS, "train", index) for index in range(NUM_SCENES)]


def test_the_same_scene_gives_the_same_pixels() -> None:
    first, second = render(SETTINGS, "test", 5), render(SETTINGS, "test", 5)
    for layer in ("visible", "infrared", "mask", "evidence"):
        np.testing.assert_array_equal(getattr(first, layer), getattr(second, layer))
    assert first.objects == second.objects


@pytest.mark.parametrize(("height", "width"), [(64, 64), (97, 131), (65, 300), (301, 77), (256, 320)])
def test_any_size_can_be_drawn(height: int, width: int) -> None:
    pair = render(SyntheticSettings(height=height, width=width), "train", 1)
    assert pair.visible.shape == (height, width, 3)
    for layer in (pair.infrared, pair.mask, pair.evidence):
        assert layer.shape == (height, width)
        assert layer.dtype == np.uint8


def test_boxes_lie_inside_the_image_and_bound_their_pixels(pairs: list[RenderedPair]) -> None:
    for pair in pairs:
        for found in pair.objects:
            left, top, right, bottom = found.box
            assert 0 <= left < right <= SETTINGS.width
            assert 0 <= top < bottom <= SETTINGS.height
            window = pair.mask[top:bottom, left:right] == MASK_IDS[found.name]
            assert all(edge.any() for edge in (window[0], window[-1], window[:, 0], window[:, -1]))
            kinds = pair.evidence[top:bottom, left:right][window]
            assert (kinds == EVIDENCE_IDS[found.evidence]).any()


def test_every_pixel_with_evidence_belongs_to_a_boxed_object(pairs: list[RenderedPair]) -> None:
    for pair in pairs:
        covered = np.zeros_like(pair.evidence, bool)
        for left, top, right, bottom in (found.box for found in pair.objects):
            covered[top:bottom, left:right] = True
        assert not (pair.evidence > 0)[~covered].any()
        objects = np.isin(pair.mask, [MASK_IDS[name] for name in ("person", "car", "bicycle")])
        assert objects[pair.evidence > 0].all()


def test_mask_ids_are_those_of_fmb(pairs: list[RenderedPair]) -> None:
    seen = {int(label) for pair in pairs for label in np.unique(pair.mask)}
    assert seen <= set(MASK_IDS.values())
    assert {MASK_IDS[name] for name in ("road", "building", "sky", "person", "vegetation", "pole")} <= seen


def test_evidence_is_what_taking_the_object_out_changes() -> None:
    """Drawn with and without each object: what an image shows of it is the difference inside its silhouette."""
    clean = replace(SETTINGS, sensor=SensorSettings(jpeg_quality=(95, 95)))
    changes: dict[str, list[tuple[float, float]]] = defaultdict(list)
    for index in range(10):
        scene = compose(clean, "train", index)
        full = render_scene(clean, scene)
        objects = [thing for thing in scene.things if thing.kind in LABELLED]
        for kind in {thing.evidence for thing in objects}:
            without = tuple(t for t in scene.things if not (t.kind in LABELLED and t.evidence == kind))
            bare = render_scene(clean, replace(scene, things=without))
            seen = (full.evidence == EVIDENCE_IDS[kind]) & (bare.evidence == 0)
            if seen.sum() < 50:
                continue
            visible = np.abs(full.visible[seen].astype(float) - bare.visible[seen]).mean() / 255
            infrared = np.abs(full.infrared[seen].astype(float) - bare.infrared[seen]).mean() / 255
            changes[kind].append((visible, infrared))
    assert all(len(changes[kind]) >= 5 for kind in ("both", "infrared", "visible"))
    assert max(visible for visible, _ in changes["infrared"]) < 0.02
    assert max(infrared for _, infrared in changes["visible"]) < 0.02
    assert min(infrared for _, infrared in changes["infrared"]) > 0.10
    assert min(visible for visible, _ in changes["visible"]) > 0.06
    assert min(min(pair) for pair in changes["both"]) > 0.06


def test_a_warm_object_is_bright_in_white_hot_and_dark_in_black_hot() -> None:
    grey = {}
    for polarity in ("white-hot", "black-hot"):
        settings = replace(SETTINGS, sensor=SensorSettings(polarity=polarity))  # type: ignore[arg-type]
        pair = render(settings, "train", 0)
        warm = np.isin(pair.evidence, [EVIDENCE_IDS["both"], EVIDENCE_IDS["infrared"]])
        grey[polarity] = float(pair.infrared[warm].mean()) - float(pair.infrared[pair.evidence == 0].mean())
    assert grey["white-hot"] > 25
    assert grey["black-hot"] < -25


def test_night_is_darker_than_day_in_visible_light_only() -> None:
    day, night = (
        np.mean([render(replace(SETTINGS, night_fraction=f), "val", i).visible.mean() for i in range(3)])
        for f in (0.0, 1.0)
    )
    assert night < 0.6 * day


def test_distractors_carry_no_label() -> None:
    scene = compose(replace(SETTINGS, num_train=1), "train", 0)
    nobody = tuple(thing for thing in scene.things if thing.kind not in LABELLED)
    pair = render_scene(SETTINGS, replace(scene, things=nobody))
    assert pair.objects == ()
    assert not pair.evidence.any()
    assert not np.isin(pair.mask, [MASK_IDS[name] for name in ("person", "car", "bicycle")]).any()
