"""Images in every form in which people hold them."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch
from PIL import Image

from datasets.image_like import as_image
from datasets.images import write_image
from suite.errors import ImageError

COLOURS = np.random.default_rng(0).integers(0, 256, (5, 7, 3), dtype=np.uint8)
GREYS = COLOURS[..., 0].copy()
RGB = torch.from_numpy(COLOURS).permute(2, 0, 1)[None] / 255


@pytest.mark.parametrize(
    "image",
    [
        COLOURS,
        COLOURS / 255,
        (COLOURS / 255).astype(np.float32),
        Image.fromarray(COLOURS),
        Image.fromarray(COLOURS).convert("RGBA"),
        RGB,
        RGB[0].double(),
        torch.from_numpy(COLOURS).permute(2, 0, 1),
    ],
)
def test_colour_in_every_form_is_the_same_tensor(image: Any) -> None:
    found = as_image(image, "rgb")
    assert found.dtype == torch.float32
    torch.testing.assert_close(found, RGB, rtol=0, atol=1e-7)
    assert as_image(image, "grey").shape == (1, 1, 5, 7)


@pytest.mark.parametrize(
    "image", [GREYS, GREYS[..., None], Image.fromarray(GREYS), torch.from_numpy(GREYS), GREYS / 255]
)
def test_grey_in_every_form_is_the_same_tensor(image: Any) -> None:
    expected = RGB[:, :1]
    torch.testing.assert_close(as_image(image, "grey"), expected, rtol=0, atol=1e-7)
    torch.testing.assert_close(as_image(image, "rgb"), expected.expand(1, 3, 5, 7), rtol=0, atol=1e-7)


def test_a_file_is_read_by_str_and_path(tmp_path: Path) -> None:
    write_image(tmp_path / "a.png", RGB)
    torch.testing.assert_close(as_image(tmp_path / "a.png", "rgb"), RGB)
    torch.testing.assert_close(as_image(str(tmp_path / "a.png"), "rgb"), RGB)
    with pytest.raises(ImageError, match=r"cannot open image .*none.png"):
        as_image(tmp_path / "none.png", "rgb")


def test_batches_of_tensors_stay_batches() -> None:
    assert as_image(RGB.repeat(4, 1, 1, 1), "grey").shape == (4, 1, 5, 7)


@pytest.mark.parametrize(
    ("image", "said"),
    [
        (None, "visible is of type NoneType; expected a path, a numpy array"),
        ([[1, 2]], "visible is of type list"),
        (np.zeros((5, 7, 4), np.uint8), r"visible is an array of shape \(5, 7, 4\)"),
        (np.zeros(5, np.uint8), r"an array of shape \(5,\)"),
        (np.zeros((5, 7), np.int16), "visible holds int16 pixels"),
        (np.full((5, 7), 200.0), "visible has values from 200 to 200"),
        (np.full((5, 7), np.nan), "visible has values from nan to nan"),
        (torch.zeros(2, 2, 5, 7), r"visible is a tensor of shape \(2, 2, 5, 7\)"),
        (torch.zeros(7), r"a tensor of shape \(7,\)"),
        (torch.zeros(5, 7, dtype=torch.int32), "visible holds torch.int32 pixels"),
        (RGB - 0.5, "visible has values from -0.5"),
    ],
)
def test_anything_else_is_refused_by_what_it_is(image: Any, said: str) -> None:
    with pytest.raises(ImageError, match=said):
        as_image(image, "rgb", name="visible")
