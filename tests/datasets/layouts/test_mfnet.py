"""MFNet: four channels in one file, and its lists."""

from __future__ import annotations

import shutil
from pathlib import Path

import numpy as np

from datasets.images import read_sample
from datasets.layouts.mfnet import MFNet
from datasets.splits import write_list
from tests.datasets.miniatures import (
    make_image,
    write_mfnet,
)


def test_mfnet_splits_the_channels_of_one_file_and_follows_its_lists(tmp_path: Path) -> None:
    write_mfnet(tmp_path)
    layout = MFNet(tmp_path)
    sample = layout.load("test", "segment")[0]
    visible, infrared = read_sample(sample)
    assert np.array_equal(np.round(255 * infrared[0, 0].numpy()).astype(np.uint8), make_image(sample.id, 1))
    colour = np.round(255 * visible[0].permute(1, 2, 0).numpy()).astype(np.uint8)
    assert np.array_equal(colour[..., ::-1], make_image(sample.id, 3))
    assert [len(layout.load(split, "quality")) for split in ("train", "val", "test")] == [12, 4, 2]
    shutil.copy(tmp_path / "images/00001D.png", tmp_path / "images/00001D_flip.png")
    assert len(layout.load("train", "quality")) == 12


def test_mfnet_says_whose_lists_it_follows(tmp_path: Path) -> None:
    write_mfnet(tmp_path)
    layout = MFNet(tmp_path)
    assert layout.load("val", "quality").facts["validation"] == "the dataset's own list"
    assert "overlap" in layout.load("test", "quality").facts
    chosen = {split: layout.load(split, "quality")[0].id for split in ("train", "val", "test")}
    for split, name in chosen.items():
        write_list(tmp_path, split, [name])
    assert layout.load("val", "quality").facts["validation"] == "as listed in splits/*.txt"
