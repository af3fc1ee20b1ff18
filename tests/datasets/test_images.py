"""Reading, writing, colour and rounding of images."""

from __future__ import annotations

from pathlib import Path

import cv2
import numpy as np
import pytest
import torch
from PIL import Image

from datasets.images import (
    read_array,
    read_image,
    read_pair,
    read_size,
    rgb_to_y,
    rgb_to_ycbcr,
    to_uint8,
    write_image,
    ycbcr_to_rgb,
)
from datasets.masks import ColourMaskError, read_labels
from suite.errors import ImageError
from tests.datasets.miniatures import make_image


@pytest.mark.parametrize("channels", [1, 3])
@pytest.mark.parametrize("suffix", [".png", ".bmp", ".tif"])
def test_lossless_files_give_the_pixels_back(tmp_path: Path, channels: int, suffix: str) -> None:
    pixels = make_image("x", channels)
    write_image(tmp_path / f"x{suffix}", pixels)
    assert np.array_equal(read_array(tmp_path / f"x{suffix}"), pixels)
    assert read_size(tmp_path / f"x{suffix}") == (24, 32)


def test_a_tensor_survives_the_way_to_the_disk(tmp_path: Path) -> None:
    image = torch.arange(256, dtype=torch.float32).reshape(1, 1, 16, 16).expand(1, 3, 16, 16) / 255
    write_image(tmp_path / "x.png", image)
    torch.testing.assert_close(read_image(tmp_path / "x.png", "rgb"), image, atol=0, rtol=0)


def test_red_is_red(tmp_path: Path) -> None:
    write_image(tmp_path / "x.png", torch.tensor([1.0, 0.0, 0.0]).reshape(1, 3, 1, 1).expand(1, 3, 4, 4))
    assert np.asarray(Image.open(tmp_path / "x.png"))[0, 0].tolist() == [255, 0, 0]
    assert read_image(tmp_path / "x.png", "rgb")[0, :, 0, 0].tolist() == [1, 0, 0]


def test_alpha_is_dropped_and_sixteen_bit_is_scaled(tmp_path: Path) -> None:
    Image.new("RGBA", (4, 4), (10, 20, 30, 0)).save(tmp_path / "alpha.png")
    assert read_array(tmp_path / "alpha.png")[0, 0].tolist() == [10, 20, 30]
    cv2.imwrite(str(tmp_path / "deep.png"), np.full((4, 4), 65535, dtype=np.uint16))
    assert read_array(tmp_path / "deep.png")[0, 0] == 255


def test_names_with_other_letters_are_read(tmp_path: Path) -> None:
    write_image(tmp_path / "größe 红外.png", make_image("x", 1))
    assert read_array(tmp_path / "größe 红外.png").shape == (24, 32)


@pytest.mark.parametrize("content", [b"", b"not an image", b"\x89PNG\r\n\x1a\n cut"])
def test_what_is_no_image_is_told_by_name(tmp_path: Path, content: bytes) -> None:
    path = tmp_path / "x.png"
    path.write_bytes(content)
    with pytest.raises(ImageError, match=r"x\.png is not a readable image"):
        read_array(path)
    with pytest.raises(ImageError, match=r"x\.png"):
        read_size(path)
    with pytest.raises(ImageError, match=r"x\.png"):
        read_labels(path)


def test_a_missing_image_is_told_by_name(tmp_path: Path) -> None:
    for read in (read_array, read_size, read_labels):
        with pytest.raises(ImageError, match=r"gone\.png"):
            read(tmp_path / "gone.png")


def test_a_pair_of_two_sizes_is_refused(tmp_path: Path) -> None:
    write_image(tmp_path / "vi.png", make_image("x", 3))
    write_image(tmp_path / "ir.png", make_image("x", 1, (12, 16)))
    with pytest.raises(ImageError, match=r"visible is 24x32 \(HxW\), infrared .* is 12x16"):
        read_pair(tmp_path / "vi.png", tmp_path / "ir.png")


def test_a_pair_has_three_and_one_channels_whatever_the_files_have(tmp_path: Path) -> None:
    write_image(tmp_path / "grey.png", make_image("x", 1))
    write_image(tmp_path / "colour.png", make_image("x", 3))
    visible, infrared = read_pair(tmp_path / "grey.png", tmp_path / "colour.png")
    assert visible.shape == (1, 3, 24, 32)
    assert infrared.shape == (1, 1, 24, 32)


def test_masks_keep_their_ids_in_every_form(tmp_path: Path) -> None:
    ids = np.arange(15, dtype=np.uint8).reshape(3, 5)
    Image.fromarray(ids).save(tmp_path / "grey.png")
    Image.fromarray(np.stack([ids] * 3, axis=-1)).save(tmp_path / "triple.png")
    cv2.imwrite(str(tmp_path / "deep.png"), ids.astype(np.uint16))
    palette = Image.fromarray(ids)
    palette.putpalette([value for index in range(256) for value in (index, 255 - index, 7)])
    palette.save(tmp_path / "palette.png")
    for name in ("grey", "triple", "deep", "palette"):
        found = read_labels(tmp_path / f"{name}.png")
        assert found.dtype == np.uint8
        assert np.array_equal(found, ids), name


def test_masks_in_colours_or_with_huge_ids_are_refused(tmp_path: Path) -> None:
    write_image(tmp_path / "colour.png", make_image("x", 3))
    with pytest.raises(ColourMaskError, match="colour-coded"):
        read_labels(tmp_path / "colour.png")
    cv2.imwrite(str(tmp_path / "deep.png"), np.full((3, 5), 1000, dtype=np.uint16))
    with pytest.raises(ImageError, match="ids from 1000 to 1000"):
        read_labels(tmp_path / "deep.png")


def test_an_unknown_suffix_is_refused(tmp_path: Path) -> None:
    with pytest.raises(ImageError, match=r"unknown image suffix '\.gif'"):
        write_image(tmp_path / "x.gif", make_image("x", 1))


def test_rounding_goes_to_the_nearest_level() -> None:
    image = torch.tensor([0.0, 0.4 / 255, 0.6 / 255, 254.6 / 255, 1.0]).reshape(1, 1, 1, 5)
    assert to_uint8(image).ravel().tolist() == [0, 0, 1, 255, 255]


def test_colour_goes_there_and_back(generator: torch.Generator) -> None:
    rgb = torch.rand((2, 3, 5, 7), generator=generator)
    torch.testing.assert_close(ycbcr_to_rgb(*rgb_to_ycbcr(rgb)), rgb, atol=1e-6, rtol=0)
    torch.testing.assert_close(rgb_to_ycbcr(rgb)[0], rgb_to_y(rgb), atol=0, rtol=0)


def test_grey_has_no_chroma_and_its_own_value_as_luma() -> None:
    y, cb, cr = rgb_to_ycbcr(torch.full((1, 3, 2, 2), 0.3))
    torch.testing.assert_close(y, torch.full_like(y, 0.3))
    torch.testing.assert_close(cb, torch.full_like(y, 0.5))
    torch.testing.assert_close(cr, torch.full_like(y, 0.5))


def test_luma_and_chroma_are_those_of_jpeg() -> None:
    pixels = make_image("x", 3)
    jpeg = np.asarray(Image.fromarray(pixels).convert("YCbCr"), dtype=np.float32)
    ours = torch.cat(rgb_to_ycbcr(torch.from_numpy(pixels).permute(2, 0, 1)[None] / 255), dim=1)
    # JPEG centres chroma at level 128, we at 0.5 = level 127.5. PIL cuts off to whole levels instead of rounding, so
    # half a level is taken away; its tables hold coefficients in fixed point, measured to be off by up to 0.05.
    levels = ours[0].permute(1, 2, 0).numpy() * 255 + np.array([0, 0.5, 0.5])
    assert np.abs(levels - 0.5 - jpeg).max() <= 0.5 + 0.05
