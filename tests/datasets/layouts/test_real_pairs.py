"""Real pairs load with the counts that are known of them."""

from __future__ import annotations

from pathlib import Path

import pytest

from datasets.layouts.harvard import Harvard, HarvardCTMRI
from datasets.layouts.llvip import LLVIP
from datasets.layouts.msrs import MSRS


@pytest.mark.parametrize(
    ("layout", "folder", "task", "train", "val", "test"),
    [
        (LLVIP, "llvip_mini", "detect", 27, 5, 12),
        (MSRS, "msrs", "segment", 128, 22, 50),
        (HarvardCTMRI, "harvard", "quality", 19, 5, 10),
        (Harvard, "harvard", "quality", 59, 13, 30),
    ],
)
def test_real_pairs_load(
    shared: Path, layout: type[LLVIP], folder: str, task: str, train: int, val: int, test: int
) -> None:
    opened = layout(shared / "data" / folder)
    assert [len(opened.load(split, task)) for split in ("train", "val", "test")] == [train, val, test]  # type: ignore[arg-type]
