"""MSRS: validation even over day and night, its own val folder, and what its records state."""

from __future__ import annotations

from pathlib import Path

from datasets.layouts.msrs import MSRS
from tests.datasets.miniatures import (
    ids,
    write_label,
    write_mask,
    write_msrs,
    write_pairs,
)


def test_an_own_val_folder_is_used_instead_of_carving(tmp_path: Path) -> None:
    write_msrs(tmp_path)
    write_pairs(tmp_path / "val/vi", tmp_path / "val/ir", ["00900D"])
    layout = MSRS(tmp_path)
    assert ids(layout, "val") == ["00900D"]
    assert len(ids(layout, "train")) == 16
    assert layout.load("val", "quality").facts["validation"] == "the dataset's own val folder"


def test_msrs_validation_is_even_over_day_and_night(tmp_path: Path) -> None:
    # Six by day, then twenty by night: blocks over all of them would take nights only.
    names = [f"{n:05d}D" for n in range(6)] + [f"{n:05d}N" for n in range(100, 120)]
    write_pairs(tmp_path / "train/vi", tmp_path / "train/ir", names)
    lights = [name[-1] for name in ids(MSRS(tmp_path), "val")]
    assert lights.count("D") == 1
    assert lights.count("N") == 3


def test_msrs_states_the_overlap_and_four_class_labels(tmp_path: Path) -> None:
    write_msrs(tmp_path)
    facts = MSRS(tmp_path).load("test", "segment").facts
    assert "official Diff-IF weights were trained" in facts["overlap"]
    assert facts["labels"] == "class ids as in MSRS"
    for path in tmp_path.glob("*/Segmentation_labels/*.png"):
        write_mask(path, [0, 1, 3])
    said = MSRS(tmp_path).load("test", "segment").facts["labels"]
    assert said.startswith("labels use only ids 0 unlabelled, 1 car, 3 bike of the 9 classes")
    write_label(tmp_path / "README.md", "These are pseudo-labels.")
    assert MSRS(tmp_path).load("test", "segment").facts["labels"].endswith("(said by README.md)")
