"""Average precision against pycocotools and torchmetrics, and the properties it must have."""

from __future__ import annotations

import contextlib
import io
import math
from typing import Any

import numpy as np
import pytest

from downstream.detect.average_precision import (
    average_precision,
    best_operating_point,
    image_counts,
    mean_average_precision,
    precision_at_recall,
    resampled_average_precision,
)
from downstream.detect.matching import Detections, Truth, box_iou, match_class
from downstream.detect.scoring import score_detections
from suite.statistics.intervals import resample_counts

KINDS = ("both", "infrared", "visible")


def random_scene(seed: int, num_images: int = 25) -> tuple[list[Detections], list[Truth]]:
    """Plausible predictions: jittered true boxes, false alarms, misses, ties in the score."""
    generator = np.random.default_rng(seed)
    detections, truths = [], []
    for _ in range(num_images):
        count = int(generator.integers(0, 7))
        corner = generator.uniform(0, 200, (count, 2))
        boxes = np.hstack([corner, corner + generator.uniform(8, 60, (count, 2))])
        labels = generator.integers(0, 3, count)
        found = generator.random(count) < 0.8
        jitter = boxes[found] + generator.normal(0, 3, (int(found.sum()), 4))
        false = generator.uniform(0, 200, (int(generator.integers(0, 5)), 2))
        predicted = np.vstack([jitter, np.hstack([false, false + generator.uniform(8, 60, false.shape)])])
        predicted_labels = np.concatenate([labels[found], generator.integers(0, 3, len(false))])
        scores = np.round(generator.random(len(predicted)), 1 if seed % 2 else 6)
        detections.append(Detections(xyxy=predicted, scores=scores, labels=predicted_labels.astype(np.int64)))
        kinds = tuple(KINDS[k] for k in generator.integers(0, 3, count))
        truths.append(Truth(xyxy=boxes, labels=labels.astype(np.int64), evidence=kinds))
    return detections, truths


def coco_reference(detections: list[Detections], truths: list[Truth], evidence: str | None = None) -> Any:
    """COCOeval on the same boxes; boxes of other kinds of evidence are `ignore`d."""
    from pycocotools.coco import COCO
    from pycocotools.cocoeval import COCOeval

    annotations, results = [], []
    for image, (found, truth) in enumerate(zip(detections, truths, strict=True)):
        for index, (box, label) in enumerate(zip(truth.xyxy, truth.labels, strict=True)):
            ignored = int(evidence is not None and truth.evidence[index] != evidence)
            annotations.append(
                {
                    "id": len(annotations) + 1,
                    "image_id": image,
                    "category_id": int(label),
                    "bbox": [box[0], box[1], box[2] - box[0], box[3] - box[1]],
                    "area": float((box[2] - box[0]) * (box[3] - box[1])),
                    "iscrowd": 0,
                    "ignore": ignored,
                }
            )
        for box, score, label in zip(found.xyxy, found.scores, found.labels, strict=True):
            area_box = [box[0], box[1], box[2] - box[0], box[3] - box[1]]
            results.append({"image_id": image, "category_id": int(label), "bbox": area_box, "score": float(score)})
    with contextlib.redirect_stdout(io.StringIO()):
        truth_set = COCO()
        truth_set.dataset = {
            "images": [{"id": i} for i in range(len(truths))],
            "annotations": annotations,
            "categories": [{"id": i} for i in range(3)],
        }
        truth_set.createIndex()
        evaluation = COCOeval(truth_set, truth_set.loadRes(results), "bbox")
        # pycocotools overwrites `ignore` with `iscrowd` in _prepare, which also changes IoU; ours is set afterwards.
        prepare = evaluation._prepare

        def prepared() -> None:
            prepare()
            for boxes in evaluation._gts.values():
                for box in boxes:
                    original = annotations[box["id"] - 1]
                    box["ignore"] = ignored_by_id[original["id"]]

        ignored_by_id = {a["id"]: a["ignore"] for a in annotations}
        evaluation._prepare = prepared
        evaluation.evaluate()
        evaluation.accumulate()
    precision = evaluation.eval["precision"][:, :, :, 0, 2]
    return np.where((precision > -1).all(axis=1), precision.mean(axis=1), math.nan)


@pytest.mark.parametrize("seed", range(6))
@pytest.mark.parametrize("evidence", [None, "infrared"])
def test_ap_equals_pycocotools_at_every_threshold_and_class(seed: int, evidence: str | None) -> None:
    detections, truths = random_scene(seed)
    reference = coco_reference(detections, truths, evidence)
    for label in range(3):
        ours = average_precision(match_class(detections, truths, label, evidence=evidence))
        # Same definition, so only rounding remains (COCO adds 2e-16 to its denominators).
        np.testing.assert_allclose(ours, reference[:, label], atol=1e-9)


def test_map_equals_torchmetrics_on_the_same_boxes() -> None:
    import torch
    from torchmetrics.detection import MeanAveragePrecision

    detections, truths = random_scene(7)
    metric = MeanAveragePrecision(backend="pycocotools")
    metric.update(
        [
            {
                "boxes": torch.from_numpy(d.xyxy),
                "scores": torch.from_numpy(d.scores),
                "labels": torch.from_numpy(d.labels),
            }
            for d in detections
        ],
        [{"boxes": torch.from_numpy(t.xyxy), "labels": torch.from_numpy(t.labels)} for t in truths],
    )
    expected = metric.compute()
    matches = [match_class(detections, truths, label) for label in range(3)]
    # torchmetrics keeps boxes and scores in float32: a prediction at the very threshold may change sides.
    assert mean_average_precision(matches) == pytest.approx(float(expected["map"]), abs=2e-3)
    assert mean_average_precision(matches, num_thresholds=1) == pytest.approx(float(expected["map_50"]), abs=2e-3)


def test_perfect_predictions_score_one_and_none_score_zero() -> None:
    _, truths = random_scene(3)
    perfect = [Detections(xyxy=t.xyxy, scores=np.full(len(t.labels), 0.9), labels=t.labels) for t in truths]
    empty = [Detections(xyxy=np.zeros((0, 4)), scores=np.zeros(0), labels=np.zeros(0, np.int64)) for _ in truths]
    assert mean_average_precision([match_class(perfect, truths, 0)]) == 1.0
    assert mean_average_precision([match_class(empty, truths, 0)]) == 0.0


def test_a_class_without_true_boxes_is_undefined_and_left_out_of_the_mean() -> None:
    detections, truths = random_scene(4)
    absent = match_class(detections, truths, 9)
    assert np.isnan(average_precision(absent)).all()
    assert np.isnan(precision_at_recall(absent)).all()
    first = match_class(detections, truths, 0)
    assert mean_average_precision([first, absent]) == mean_average_precision([first])
    assert math.isnan(mean_average_precision([absent]))


def test_counting_an_image_twice_equals_showing_it_twice() -> None:
    detections, truths = random_scene(5, num_images=8)
    counts = np.array([2, 0, 1, 3, 1, 0, 1, 1])
    order = np.repeat(np.arange(8), counts)
    repeated = match_class([detections[i] for i in order], [truths[i] for i in order], 0)
    once = match_class(detections, truths, 0)
    np.testing.assert_allclose(average_precision(once, counts), average_precision(repeated), atol=1e-12)


def test_boxes_of_other_evidence_are_neither_missed_nor_false_alarms() -> None:
    boxes = np.array([[0.0, 0, 10, 10], [50, 50, 60, 60]])
    truth = Truth(xyxy=boxes, labels=np.zeros(2, np.int64), evidence=("infrared", "visible"))
    found = Detections(xyxy=boxes, scores=np.array([0.5, 0.9]), labels=np.zeros(2, np.int64))
    only_other = Detections(xyxy=boxes[1:], scores=np.array([0.9]), labels=np.zeros(1, np.int64))
    assert average_precision(match_class([found], [truth], 0, evidence="infrared")).mean() == 1.0
    assert average_precision(match_class([only_other], [truth], 0, evidence="infrared")).mean() == 0.0


def test_a_box_that_counts_is_matched_before_an_ignored_one_that_overlaps_more() -> None:
    truth = Truth(
        xyxy=np.array([[0.0, 0, 10, 10], [0, 0, 10, 8]]), labels=np.zeros(2, np.int64), evidence=("visible", "infrared")
    )
    # IoU 1.0 with the ignored box, 0.8 with the one that counts.
    found = Detections(xyxy=np.array([[0.0, 0, 10, 10]]), scores=np.array([0.9]), labels=np.zeros(1, np.int64))
    ap = average_precision(match_class([found], [truth], 0, evidence="infrared"))
    np.testing.assert_array_equal(ap, [1.0] * 7 + [0.0] * 3)
    np.testing.assert_allclose(ap, coco_reference([found], [truth], "infrared")[:, 0], atol=1e-9)


def test_the_operating_point_is_where_f1_is_greatest() -> None:
    truth = Truth(xyxy=np.array([[0.0, 0, 10, 10], [20, 0, 30, 10]]), labels=np.zeros(2, np.int64))
    found = Detections(
        xyxy=np.array([[0.0, 0, 10, 10], [20, 0, 30, 10], [70, 70, 80, 80]]),
        scores=np.array([0.9, 0.6, 0.3]),
        labels=np.zeros(3, np.int64),
    )
    matches = [match_class([found], [truth], 0)]
    point = best_operating_point(matches)
    assert 0.3 < point.confidence <= 0.6
    assert (point.precision, point.recall, point.f1) == (1.0, 1.0, 1.0)
    counts = image_counts(matches, 0.1)
    assert [int(counts[name][0]) for name in ("tp", "fp", "fn")] == [2, 1, 0]


def test_iou_of_equal_halved_and_distant_boxes() -> None:
    box = np.array([[0.0, 0, 10, 10]])
    others = np.array([[0.0, 0, 10, 10], [0, 0, 5, 10], [20, 20, 30, 30], [3, 3, 3, 3]])
    np.testing.assert_allclose(box_iou(box, others)[0], [1.0, 0.5, 0.0, 0.0])


@pytest.mark.parametrize("evidence", [None, "infrared"])
@pytest.mark.parametrize("seed", [1, 2])
def test_all_resamples_at_once_are_equal_to_one_after_another(seed: int, evidence: str | None) -> None:
    detections, truths = random_scene(seed)
    draws = resample_counts(len(truths), num_resamples=40)
    draws[0] = 0
    for label in range(4):
        found = match_class(detections, truths, label, evidence=evidence)
        expected = np.array([average_precision(found, counts) for counts in draws])
        np.testing.assert_array_equal(resampled_average_precision(found, draws), expected)


def test_a_subset_scores_as_its_images_alone() -> None:
    detections, truths = random_scene(3)
    subsets = [("night",) if index % 3 else ("day", "rain") for index in range(len(truths))]
    ids = [str(index) for index in range(len(truths))]
    scored = score_detections(ids, detections, truths, ["a", "b", "c"], resamples=50, subsets=subsets)
    rows = {score.metric: score for score in scored.scores}
    inside = [index for index, names in enumerate(subsets) if "day" in names]
    alone = [match_class([detections[i] for i in inside], [truths[i] for i in inside], label) for label in range(3)]
    assert rows["map50/subset:day"].value == pytest.approx(mean_average_precision(alone, num_thresholds=1), abs=1e-12)
    assert rows["map50_95/subset:day"].value == pytest.approx(mean_average_precision(alone), abs=1e-12)
    assert rows["map50/subset:day"].n == len(inside)
    assert rows["map50/subset:day"].ci_low < rows["map50/subset:day"].value < rows["map50/subset:day"].ci_high
    assert {metric.partition(":")[2] for metric in rows if ":" in metric} >= {"day", "night", "rain"}
