"""mIoU from summed counts, the three ways of counting classes, and scores by evidence."""

from __future__ import annotations

import math

import numpy as np
import pytest
from numpy.typing import NDArray

from downstream.segment.counts import (
    count_image,
    evidence_iou,
    iou_per_class,
    mean_iou,
    pixel_accuracy,
)
from suite.errors import ImageError

Ids = NDArray[np.uint8]
FMB_CLASSES, BICYCLE, PERSON = 15, 13, 8


def random_maps(seed: int, num_classes: int = 6, num_images: int = 5) -> list[tuple[Ids, Ids]]:
    generator = np.random.default_rng(seed)
    maps = []
    for _ in range(num_images):
        truth = generator.integers(0, num_classes, (20, 30), dtype=np.uint8)
        noise = generator.random(truth.shape) < 0.4
        predicted = np.where(noise, generator.integers(0, num_classes, truth.shape, dtype=np.uint8), truth)
        truth[generator.random(truth.shape) < 0.1] = 255
        maps.append((truth, predicted.astype(np.uint8)))
    return maps


@pytest.mark.parametrize("seed", range(3))
def test_miou_equals_sklearns_jaccard_score_over_all_pixels(seed: int) -> None:
    from sklearn.metrics import jaccard_score

    maps = random_maps(seed)
    confusion = np.sum([count_image(t, p, 6) for t, p in maps], axis=0).sum(axis=0)
    truth = np.concatenate([t.ravel() for t, _ in maps])
    predicted = np.concatenate([p.ravel() for _, p in maps])
    kept = truth != 255
    expected = jaccard_score(truth[kept], predicted[kept], average=None, labels=range(6))
    np.testing.assert_allclose(iou_per_class(confusion), expected, atol=1e-12)
    assert mean_iou(confusion, "all", None).value == pytest.approx(expected.mean(), abs=1e-12)
    assert pixel_accuracy(confusion, None) == pytest.approx(float((truth == predicted)[kept].mean()))


def test_miou_is_not_the_mean_over_images() -> None:
    # Images of one class each: small per-image unions weigh as much as large ones in a mean over images.
    maps = [(np.full((20, 30), 1, np.uint8), np.full((20, 30), 1, np.uint8)), *random_maps(0, num_classes=3)]
    counts = [count_image(t, p, 6).sum(axis=0) for t, p in maps]
    per_image = [mean_iou(c, "all", None).value for c in counts]
    assert mean_iou(np.sum(counts, axis=0), "all", None).value != pytest.approx(np.mean(per_image), abs=0.02)


def fmb_like(bicycle_predicted: bool) -> NDArray[np.int64]:
    """Unlabelled, person and road are there; bicycle has no true pixel, as in FMB's test split."""
    truth = np.zeros((10, 10), dtype=np.uint8)
    truth[2:6] = PERSON
    truth[6:] = 1
    predicted = truth.copy()
    predicted[:2] = 1
    predicted[2, :5] = BICYCLE if bicycle_predicted else 1
    return count_image(truth, predicted, FMB_CLASSES).sum(axis=0)


def test_the_three_ways_of_counting_on_a_case_worked_by_hand() -> None:
    confusion = fmb_like(bicycle_predicted=True)
    # Person: 35 right of 40, none false. Road: 40 right, 20 false on unlabelled pixels. Bicycle: 5 false.
    everything = mean_iou(confusion, "all", 0)
    assert everything.per_class[[0, 1, PERSON, BICYCLE]] == pytest.approx([0.0, 40 / 60, 35 / 40, 0.0])
    assert everything.num_classes == 4
    labelled = mean_iou(confusion, "ignore-unlabelled", 0)
    assert labelled.per_class[[1, PERSON, BICYCLE]] == pytest.approx([1.0, 35 / 40, 0.0])
    assert (labelled.num_classes, labelled.value) == (3, pytest.approx((1 + 35 / 40) / 3))
    present = mean_iou(confusion, "present", 0)
    assert (present.num_classes, present.value) == (2, pytest.approx((1 + 35 / 40) / 2))
    assert math.isnan(present.per_class[BICYCLE])


def test_a_class_absent_from_truth_and_prediction_is_nan_and_left_out() -> None:
    labelled = mean_iou(fmb_like(bicycle_predicted=False), "ignore-unlabelled", 0)
    assert math.isnan(labelled.per_class[BICYCLE])
    assert labelled.num_classes == 2


def test_predicting_unlabelled_is_a_miss_of_the_true_class() -> None:
    truth = np.full((4, 4), 1, dtype=np.uint8)
    predicted = truth.copy()
    predicted[0] = 0
    score = mean_iou(count_image(truth, predicted, 2).sum(axis=0), "ignore-unlabelled", 0)
    assert score.value == pytest.approx(0.75)


def test_an_id_out_of_range_is_refused() -> None:
    ids = np.zeros((3, 3), dtype=np.uint8)
    with pytest.raises(ImageError, match="truth holds class id 15"):
        count_image(np.full((3, 3), 15, dtype=np.uint8), ids, FMB_CLASSES)
    with pytest.raises(ImageError, match="one size"):
        count_image(ids, np.zeros((3, 4), dtype=np.uint8), FMB_CLASSES)


def test_evidence_counts_its_own_objects_and_the_false_alarms_but_not_other_objects() -> None:
    truth = np.ones((6, 6), dtype=np.uint8)
    evidence = np.zeros_like(truth)
    truth[0:2], evidence[0:2] = PERSON, 2  # seen in infrared only: 12 pixels
    truth[4:6], evidence[4:6] = PERSON, 3  # seen in visible light only: 12 pixels
    predicted = np.ones_like(truth)
    predicted[0:2] = PERSON
    predicted[2, :3] = PERSON  # 3 false pixels on the road
    counts = count_image(truth, predicted, FMB_CLASSES, evidence)
    assert counts.sum() == 36
    assert evidence_iou(counts, "infrared", 0).value == pytest.approx(12 / 15)
    assert evidence_iou(counts, "visible", 0).value == 0.0
    assert math.isnan(evidence_iou(counts, "both", 0).value)


def test_no_labelled_pixel_means_undefined() -> None:
    counts = np.zeros((3, 3), dtype=np.int64)
    assert math.isnan(mean_iou(counts, "present", 0).value)
    assert math.isnan(pixel_accuracy(counts, 0))
