"""The functions that `import diffif` offers, beyond what docs/python.md shows."""

from __future__ import annotations

import numpy as np
import pytest
import torch

import diffif
from suite.errors import ImageError, UnknownName

VISIBLE = torch.rand(1, 3, 40, 48, generator=torch.Generator().manual_seed(0))
INFRARED = torch.rand(1, 1, 40, 48, generator=torch.Generator().manual_seed(1))


def test_the_form_of_the_images_does_not_change_the_result() -> None:
    array = (VISIBLE[0].permute(1, 2, 0).numpy(), INFRARED[0, 0].numpy())
    fused = diffif.fuse(VISIBLE, INFRARED, "average")
    assert torch.equal(diffif.fuse(*array, fuser="average"), fused)
    scores = diffif.evaluate(fused, *array, metrics=("ssim",))
    assert scores == diffif.evaluate(fused, VISIBLE, INFRARED, metrics=("ssim",))
    assert isinstance(scores["ssim"], float)


def test_an_image_of_another_kind_is_named() -> None:
    with pytest.raises(ImageError, match="infrared is of type NoneType"):
        diffif.fuse(VISIBLE, None, "average")  # type: ignore[arg-type]
    with pytest.raises(ImageError, match="fused has values from 0 to 255"):
        diffif.evaluate(np.linspace(0, 255, 40 * 48).reshape(40, 48), VISIBLE, INFRARED)


def test_a_batch_of_images_is_sent_to_the_function_that_scores_batches() -> None:
    batch = VISIBLE.repeat(2, 1, 1, 1)
    with pytest.raises(ImageError, match=r"diffif\.metrics\.evaluate"):
        diffif.evaluate(batch, batch, batch)
    assert diffif.fuse(batch, INFRARED.repeat(2, 1, 1, 1), "average").shape == (2, 3, 40, 48)


def test_options_of_search_and_train_are_checked_by_name() -> None:
    with pytest.raises(UnknownName, match="Did you mean 'candidates'"):
        diffif.search("folder", "pairs", "prior", candidate=("max",))
    with pytest.raises(UnknownName, match="Did you mean 'recipe'"):
        diffif.train("folder", "pairs", "run", recipes="small")
