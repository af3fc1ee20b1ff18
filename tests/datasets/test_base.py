"""Pairing by name, and what the fingerprint of a dataset follows."""

from __future__ import annotations

import dataclasses
from pathlib import Path

import pytest

from datasets.base import Boxes, MaskPath, PairedDataset, Sample
from datasets.names import match_pairs
from suite.errors import ImageError
from tests.datasets.miniatures import write_mask, write_pairs


@pytest.fixture
def dataset(tmp_path: Path) -> PairedDataset:
    write_pairs(tmp_path / "vi", tmp_path / "ir", ["a", "b"])
    samples = tuple(
        Sample(id=i, visible=tmp_path / f"vi/{i}.png", infrared=tmp_path / f"ir/{i}.png", target=Boxes()) for i in "ab"
    )
    return PairedDataset(name="x", split="test", task="detect", classes=("c",), root=tmp_path, samples=samples)


def test_pairs_go_by_name_not_by_position(tmp_path: Path) -> None:
    write_pairs(tmp_path / "vi", tmp_path / "ir", ["b", "a", "10", "9"])
    (tmp_path / "ir/a.png").rename(tmp_path / "ir/a.jpg")
    (tmp_path / "vi/Thumbs.db").write_bytes(b"")
    (tmp_path / "vi/.hidden.png").write_bytes(b"")
    pairs = match_pairs(tmp_path / "vi", tmp_path / "ir").pairs
    assert [(pair.id, pair.visible.name, pair.infrared.name) for pair in pairs] == [
        ("10", "10.png", "10.png"),
        ("9", "9.png", "9.png"),
        ("a", "a.png", "a.jpg"),
        ("b", "b.png", "b.png"),
    ]


def test_files_without_counterpart_are_listed_from_both_sides(tmp_path: Path) -> None:
    write_pairs(tmp_path / "vi", tmp_path / "ir", ["a", "b", "c"])
    (tmp_path / "ir/a.png").unlink()
    (tmp_path / "vi/b.png").unlink()
    problems = match_pairs(tmp_path / "vi", tmp_path / "ir").problems
    assert [str(problem).split(",")[0] for problem in problems] == [
        f"a: only in {tmp_path / 'vi'}",
        f"b: only in {tmp_path / 'ir'}",
    ]


def test_a_dataset_is_a_sequence(dataset: PairedDataset) -> None:
    assert len(dataset) == 2
    assert [sample.id for sample in dataset] == ["a", "b"]
    assert [sample.id for sample in dataset[1:]] == ["b"]


def test_the_fingerprint_follows_labels_classes_split_and_pixels(dataset: PairedDataset, tmp_path: Path) -> None:
    first, second = dataset.samples
    moved = dataclasses.replace(first, target=Boxes(xyxy=((1, 2, 3, 4),), labels=(0,)))
    seen = dataclasses.replace(first, target=Boxes(xyxy=((1, 2, 3, 4),), labels=(0,), evidence=("both",)))
    write_mask(tmp_path / "mask.png", [0])
    masked = dataclasses.replace(first, target=MaskPath(path=tmp_path / "mask.png"))
    prints = [dataset.fingerprint]
    prints += [dataclasses.replace(dataset, samples=(sample, second)).fingerprint for sample in (moved, seen, masked)]
    prints.append(dataclasses.replace(dataset, classes=("d",)).fingerprint)
    prints.append(dataclasses.replace(dataset, split="val").fingerprint)
    prints.append(dataclasses.replace(dataset, ignore_index=0).fingerprint)
    write_pairs(tmp_path / "vi", tmp_path / "other", ["a"])
    (tmp_path / "ir/b.png").write_bytes((tmp_path / "ir/a.png").read_bytes())
    prints.append(dataset.fingerprint)
    assert len(set(prints)) == len(prints)


def test_the_fingerprint_of_a_vanished_file_says_which(dataset: PairedDataset, tmp_path: Path) -> None:
    (tmp_path / "ir/b.png").unlink()
    with pytest.raises(ImageError, match=r"cannot open image .*b\.png"):
        _ = dataset.fingerprint
