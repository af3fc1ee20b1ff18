"""A folder of priors is not mixed from two data sets whose pairs have the same ids."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import pytest
import torch

from datasets.base import PairedDataset
from datasets.images import write_image
from diffif.prior.claim import claim_folder
from suite.errors import DatasetError

MakePairs = Callable[..., PairedDataset]


def test_more_pairs_may_join_and_the_same_pairs_come_again(make_pairs: MakePairs, tmp_path: Path) -> None:
    samples = make_pairs(count=4, size=(16, 16)).samples
    for part in (samples[:2], samples[:2], samples, samples[3:]):
        claim_folder(tmp_path / "out", part)


def test_other_images_of_the_same_ids_are_refused(make_pairs: MakePairs, tmp_path: Path) -> None:
    samples = make_pairs(count=4, size=(16, 16)).samples
    claim_folder(tmp_path / "out", samples)
    write_image(samples[1].infrared, torch.zeros(1, 16, 16))
    with pytest.raises(DatasetError, match=r"other images of 1 of these 4 pairs:\n  train001\n[\s\S]*another --out"):
        claim_folder(tmp_path / "out", samples)
