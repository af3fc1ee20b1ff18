"""Crops, loss, and a training that can be killed."""

from __future__ import annotations

import math
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
import torch

from diffif.fusers.controls.average import Average
from diffif.fusers.fused_set import fuse_split
from downstream.segment.segmenter import IGNORED, masked_images
from downstream.segment.segmenters import build_segmenter
from downstream.segment.settings import SegmentationSettings
from downstream.segment.smp import training
from downstream.segment.smp.crops import CropDataset, build_augmentation
from downstream.segment.smp.network import load_network
from downstream.segment.smp.prediction import predict_classes
from downstream.segment.smp.segmenter import SmpSegmenter
from downstream.segment.smp.training import Training, segmentation_loss, train_network
from downstream.training_state import NetworkState
from downstream.trainings import read_curve
from suite.errors import SettingsError
from tests.conftest import MakeLabelledPairs

SMALL = SegmentationSettings(
    arch="segformer", encoder="mit_b0", encoder_weights="none", epochs=3, crop=32, batch=2, learning_rate=1e-3
)


def make_training(
    make_labelled_pairs: MakeLabelledPairs, work: Path, settings: SegmentationSettings = SMALL
) -> Training:
    train = make_labelled_pairs(4, size=(40, 48), task="segment", split="train")
    val = make_labelled_pairs(2, size=(40, 48), task="segment", split="val", seed=1)
    segmenter = build_segmenter(settings)
    assert isinstance(segmenter, SmpSegmenter)
    return Training(
        arch=segmenter.arch,
        weights=segmenter.weights,
        settings=settings,
        learns_unlabelled=segmenter.learns_unlabelled,
        train=masked_images(fuse_split(train, Average(), work, progress=False), train),
        val=masked_images(fuse_split(val, Average(), work, progress=False), val),
        seed=0,
        device="cpu",
    )


def folder(path: Path) -> Path:
    path.mkdir(exist_ok=True)
    return path


def test_an_interrupted_training_ends_with_the_weights_of_an_uninterrupted_one(
    make_labelled_pairs: MakeLabelledPairs, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    task = make_training(make_labelled_pairs, tmp_path)
    whole = torch.load(train_network(task, folder(tmp_path / "whole")), weights_only=True)
    true_epoch, seen = training._train_epoch, list[int]()

    def dying(task: Training, state: NetworkState) -> float:
        seen.append(state.epochs.epoch)
        if len(seen) == 2:
            raise KeyboardInterrupt
        return true_epoch(task, state)

    monkeypatch.setattr(training, "_train_epoch", dying)
    with pytest.raises(KeyboardInterrupt):
        train_network(task, folder(tmp_path / "killed"))
    torch.manual_seed(123)
    resumed = torch.load(train_network(task, folder(tmp_path / "killed")), weights_only=True)
    assert seen == [0, 1, 1, 2]
    assert all(torch.equal(whole[name], resumed[name]) for name in whole)
    train_network(task, folder(tmp_path / "killed"))
    assert seen == [0, 1, 1, 2], "a finished training is not resumed"
    curve = read_curve(tmp_path / "killed" / "training.csv")
    assert [row["epoch"] for row in curve] == [1.0, 2.0, 3.0]
    assert all(row["loss"] > 0 and 0 <= row["miou"] <= 1 for row in curve)


def test_another_seed_gives_other_weights(make_labelled_pairs: MakeLabelledPairs, tmp_path: Path) -> None:
    task = make_training(make_labelled_pairs, tmp_path, replace(SMALL, epochs=1))
    first = torch.load(train_network(task, folder(tmp_path / "first")), weights_only=True)
    second = torch.load(train_network(replace(task, seed=1), folder(tmp_path / "second")), weights_only=True)
    assert any(not torch.equal(first[name], second[name]) for name in first)


def test_the_unlabelled_class_is_never_predicted_unless_it_is_learned(
    make_labelled_pairs: MakeLabelledPairs, tmp_path: Path
) -> None:
    task = make_training(make_labelled_pairs, tmp_path, replace(SMALL, epochs=1))
    network = load_network(train_network(task, tmp_path), "segformer", "mit_b0", 3, "cpu")
    image = torch.rand(1, 3, 37, 45)
    assert predict_classes(network, image, device="cpu", unlabelled=None).shape == (37, 45)
    for forbidden in range(3):
        assert forbidden not in predict_classes(network, image, device="cpu", unlabelled=forbidden)


def test_a_crop_depends_on_seed_epoch_and_index_alone(make_labelled_pairs: MakeLabelledPairs, tmp_path: Path) -> None:
    data = make_labelled_pairs(3, size=(40, 48), task="segment")
    fused = fuse_split(data, Average(), tmp_path, progress=False)
    masked = masked_images(fused, data)
    crops = [CropDataset(masked, crop=32, seed=5, learn_unlabelled=True) for _ in range(2)]
    crops[1][0], crops[1][1]  # other draws before must not matter
    assert torch.equal(crops[0][2][0], crops[1][2][0])
    assert torch.equal(crops[0][2][1], crops[1][2][1])
    crops[1].epoch = 1
    assert not torch.equal(crops[0][2][0], crops[1][2][0])


def test_image_and_mask_are_moved_together() -> None:
    mask = np.zeros((60, 80), dtype=np.uint8)
    mask[20:45, 30:60] = 2
    image = np.repeat((mask > 0).astype(np.uint8)[..., None] * 200, 3, axis=2)
    augment = build_augmentation(64)
    for seed in range(8):
        moved, moved_mask = augment(image, mask, seed)
        inside, outside = moved[moved_mask == 2].mean(), moved[moved_mask == 0].mean()
        assert inside > 120 > 20 > outside
        assert set(np.unique(moved_mask).tolist()) <= {0, 2, IGNORED}


def test_the_loss_is_zero_for_certain_truth_and_blind_to_ignored_pixels() -> None:
    mask = torch.tensor([[[0, 1], [2, IGNORED]]])
    scores = torch.nn.functional.one_hot(mask.clamp(max=2), 3).permute(0, 3, 1, 2).float() * 60
    assert segmentation_loss(scores, mask).item() == pytest.approx(0.0, abs=1e-5)
    changed = scores.clone()
    changed[..., 1, 1] = torch.tensor([50.0, -50.0, 0.0])
    assert torch.equal(segmentation_loss(scores, mask), segmentation_loss(changed, mask))
    nothing = segmentation_loss(scores.requires_grad_(), torch.full_like(mask, IGNORED))
    nothing.backward()
    assert nothing.item() == 0.0


def test_the_loss_of_ignorance_is_log_c_plus_dice_worked_by_hand() -> None:
    mask = torch.tensor([[[0, 1]]])
    loss = segmentation_loss(torch.zeros(1, 2, 1, 2), mask).item()
    # p = 1/2 everywhere: dice per class 2 * 0.5 / (1 + 1) = 0.5.
    assert loss == pytest.approx(math.log(2) + 0.5)


@pytest.mark.parametrize(
    ("changes", "message"),
    [
        ({"crop": 100}, "nearest is 96"),
        ({"learning_rate": 0.0}, "--learning-rate"),
        ({"protocol": "frozen"}, "--frozen-on"),
        ({"frozen_on": "visible"}, "--protocol frozen"),
        ({"epochs": 0}, "--epochs"),
    ],
)
def test_contradicting_settings_are_refused(changes: dict[str, object], message: str) -> None:
    with pytest.raises(SettingsError, match=message):
        SegmentationSettings(**changes)  # type: ignore[arg-type]


@pytest.mark.parametrize("name", ["poly_power", "weight_decay"])
def test_schedule_and_decay_of_the_weights_follow_the_settings(
    make_labelled_pairs: MakeLabelledPairs, tmp_path: Path, name: str
) -> None:
    weights = []
    for value in (0.01, 0.01, 9.0):
        settings = replace(SMALL, epochs=1, **{name: value})
        run = folder(tmp_path / f"run{len(weights)}")
        path = train_network(make_training(make_labelled_pairs, tmp_path, settings), run)
        weights.append(torch.load(path, weights_only=True))
    same, again, other = weights
    assert all(torch.equal(value, again[key]) for key, value in same.items())
    assert any(not torch.equal(value, other[key]) for key, value in same.items())
