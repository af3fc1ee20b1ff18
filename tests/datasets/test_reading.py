"""What a user may say about pairs: ranges of levels, channels, sizes; and what is refused until it is said."""

from __future__ import annotations

import dataclasses
from pathlib import Path

import cv2
import numpy as np
import pytest
import torch
from PIL import Image

from datasets.base import PairedDataset
from datasets.images import pair_size, read_array, read_pair, read_sample, read_size, write_image
from datasets.masks import read_labels
from datasets.reading import PLAIN, PairOptions, Reading, dataset_spec, parse_dataset, result_name
from datasets.registry import load_dataset
from suite.errors import ImageError, SettingsError, UnknownName
from tests.datasets.miniatures import make_image, write_pairs


def write_counts(path: Path, low: int = 29000, step: int = 4) -> np.ndarray:
    """16-bit counts in a narrow band, as raw thermal frames hold them; returns the 8-bit scene behind them."""
    scene = make_image(path.stem, 1, (48, 64))
    path.parent.mkdir(parents=True, exist_ok=True)
    cv2.imwrite(str(path), (low + step * scene.astype(np.uint16)).astype(np.uint16))
    return scene


@pytest.fixture
def counts(tmp_path: Path) -> tuple[Path, Path, np.ndarray]:
    write_image(tmp_path / "vi" / "a.png", make_image("v", 3, (48, 64)))
    return tmp_path / "vi" / "a.png", tmp_path / "ir" / "a.png", write_counts(tmp_path / "ir" / "a.png")


def test_sixteen_bit_counts_in_a_narrow_band_are_refused_with_their_values(counts: tuple[Path, Path, object]) -> None:
    with pytest.raises(ImageError, match=r"a\.png holds values from 29000 to 30020.* 16-bit range.*--infrared-range"):
        read_pair(*counts[:2])


def test_a_hot_pixel_does_not_hide_the_narrow_band(counts: tuple[Path, Path, np.ndarray]) -> None:
    raw = cv2.imread(str(counts[1]), cv2.IMREAD_UNCHANGED)
    assert raw is not None
    raw[0, 0], raw[0, 1] = 65535, 0
    cv2.imwrite(str(counts[1]), raw)
    with pytest.raises(ImageError, match="16-bit range"):
        read_pair(*counts[:2])


@pytest.mark.parametrize("rule", ["min-max", "percentile", "29000,30020", "29000:30020"])
def test_a_stated_range_brings_the_scene_back(counts: tuple[Path, Path, np.ndarray], rule: str) -> None:
    infrared = read_pair(*counts[:2], Reading(infrared_range=rule))[1]
    scene = torch.from_numpy(counts[2].astype(np.float32) / 255)
    assert float((infrared[0, 0] - scene).abs().mean()) < (0.02 if rule == "percentile" else 1e-6)


def test_the_whole_range_may_be_asked_for(counts: tuple[Path, Path, np.ndarray]) -> None:
    assert float(read_pair(*counts[:2], Reading(infrared_range="0,65535"))[1].std()) < 0.01


def test_degrees_in_float_tiff_need_a_range_and_get_one(tmp_path: Path) -> None:
    write_image(tmp_path / "vi.png", make_image("v", 3))
    degrees = 18 + 0.1 * make_image("i", 1).astype(np.float32)
    Image.fromarray(degrees).save(tmp_path / "ir.tif")
    with pytest.raises(ImageError, match=r"are float32, which has no natural black and white.*--infrared-range"):
        read_pair(tmp_path / "vi.png", tmp_path / "ir.tif")
    infrared = read_pair(tmp_path / "vi.png", tmp_path / "ir.tif", Reading(infrared_range="20,40"))[1]
    torch.testing.assert_close(infrared[0, 0], torch.from_numpy(((degrees - 20) / 20).clip(0, 1)))


def test_a_visible_image_of_twelve_bits_in_sixteen_is_refused_too(tmp_path: Path) -> None:
    dim = make_image("v", 3).astype(np.uint16) * 16
    cv2.imwrite(str(tmp_path / "vi.png"), dim)
    write_image(tmp_path / "ir.png", make_image("i", 1))
    with pytest.raises(ImageError, match="--visible-range"):
        read_pair(tmp_path / "vi.png", tmp_path / "ir.png")
    visible = read_pair(tmp_path / "vi.png", tmp_path / "ir.png", Reading(visible_range="0,4095"))[0]
    assert float(visible.max()) > 0.99


def test_pixels_that_are_no_numbers_are_counted(tmp_path: Path) -> None:
    write_image(tmp_path / "vi.png", make_image("v", 3))
    degrees = make_image("i", 1).astype(np.float32)
    degrees[0, :3] = np.nan
    Image.fromarray(degrees).save(tmp_path / "ir.tif")
    with pytest.raises(ImageError, match="3 of 768 pixels are no finite numbers"):
        read_pair(tmp_path / "vi.png", tmp_path / "ir.tif", Reading(infrared_range="min-max"))


def test_the_range_of_a_set_is_one_for_all_its_images(tmp_path: Path) -> None:
    for number, name in enumerate("ab"):
        write_image(tmp_path / "vi" / f"{name}.png", make_image(name, 3, (48, 64)))
        write_counts(tmp_path / "ir" / f"{name}.png", low=20000 + 1000 * number)
    dataset = load_dataset("folder@infrared-range=min-max,range-over=set", tmp_path, "test", "quality")
    means = [float(read_sample(sample)[1].mean()) for sample in dataset]
    assert means[1] - means[0] > 0.3
    assert "infrared 20000,22020" in dataset.facts["reading"]


def test_what_is_said_about_pairs_is_part_of_their_fingerprint_and_recorded(tmp_path: Path) -> None:
    write_pairs(tmp_path / "vi", tmp_path / "ir", ["a"])
    plain = load_dataset("folder", tmp_path, "test", "quality")
    said = [
        load_dataset(f"folder@{options}", tmp_path, "test", "quality")
        for options in ("infrared-range=percentile", "infrared-range=min-max", "resize=20x10")
    ]
    assert len({dataset.pairs_fingerprint for dataset in (plain, *said)}) == 4
    assert said[2].facts["reading"] == "resize 20x10"
    assert plain.name == said[0].name == "folder"


def test_two_resolutions_are_brought_to_the_size_that_is_stated(tmp_path: Path) -> None:
    write_image(tmp_path / "vi.png", make_image("v", 3, (48, 64)))
    write_image(tmp_path / "ir.png", make_image("i", 1, (24, 32)))
    for resize, size in (("infrared", (24, 32)), ("visible", (48, 64)), ("40x30", (30, 40))):
        visible, infrared = read_pair(tmp_path / "vi.png", tmp_path / "ir.png", Reading(resize=resize))
        assert visible.shape[-2:] == infrared.shape[-2:] == size
    with pytest.raises(ImageError, match=r"--resize infrared, --resize visible or --resize 32x24 \(WxH\)"):
        read_pair(tmp_path / "vi.png", tmp_path / "ir.png")


def test_shrinking_averages_so_that_no_detail_flickers(tmp_path: Path) -> None:
    stripes = np.tile(np.array([0, 255], dtype=np.uint8), (8, 8))
    write_image(tmp_path / "vi.png", stripes)
    write_image(tmp_path / "ir.png", make_image("i", 1, (4, 8)))
    visible, _ = read_pair(tmp_path / "vi.png", tmp_path / "ir.png", Reading(resize="infrared"))
    torch.testing.assert_close(visible, torch.full_like(visible, 0.5))


def test_another_field_of_view_is_named(tmp_path: Path) -> None:
    write_image(tmp_path / "vi.png", make_image("v", 3, (48, 96)))
    write_image(tmp_path / "ir.png", make_image("i", 1, (24, 32)))
    with pytest.raises(ImageError, match=r"2\.00 and 1\.33 as wide as high.*register them first"):
        read_pair(tmp_path / "vi.png", tmp_path / "ir.png")


def test_a_fourth_channel_is_named_or_split_or_left_out_as_the_user_says(tmp_path: Path) -> None:
    colour, thermal = make_image("v", 3), make_image("i", 1)
    path = tmp_path / "both.png"
    cv2.imwrite(str(path), np.dstack([colour[..., ::-1], thermal]))
    for other in (path, tmp_path / "ir.png"):
        write_image(tmp_path / "ir.png", thermal)
        with pytest.raises(ImageError, match=r"fourth channel that is not constant.*--channels rgbt.*drop-fourth"):
            read_pair(path, other)
    visible, infrared = read_pair(path, path, Reading(channels="rgbt"))
    assert np.array_equal(np.round(255 * visible[0].permute(1, 2, 0).numpy()).astype(np.uint8), colour)
    assert np.array_equal(np.round(255 * infrared[0, 0].numpy()).astype(np.uint8), thermal)
    assert read_pair(path, tmp_path / "ir.png", Reading(channels="drop-fourth"))[0].shape[1] == 3
    with pytest.raises(ImageError, match="1 channels; --channels rgbt expects four"):
        read_pair(tmp_path / "ir.png", tmp_path / "ir.png", Reading(channels="rgbt"))


@pytest.mark.parametrize("suffix", ["jpg", "png", "tif", "webp"])
@pytest.mark.parametrize("orientation", range(1, 9))
def test_images_are_read_the_right_way_up_sizes_included(tmp_path: Path, suffix: str, orientation: int) -> None:
    upright = np.kron(make_image("x", 1, (3, 5)), np.ones((16, 16), dtype=np.uint8))
    # What a camera held that way stores: the inverse of what the tag asks for.
    stored = {
        1: upright, 2: upright[:, ::-1], 3: upright[::-1, ::-1], 4: upright[::-1], 5: upright.T,
        6: np.rot90(upright), 7: upright[::-1, ::-1].T, 8: np.rot90(upright, -1),
    }[orientation]  # fmt: skip
    image, path = Image.fromarray(np.ascontiguousarray(stored)), tmp_path / f"x.{suffix}"
    exif = Image.Exif()
    exif[0x0112] = orientation
    extra = {"jpg": {"quality": 100, "exif": exif}, "png": {"exif": exif}, "tif": {"tiffinfo": {274: orientation}}}
    options = extra.get(suffix, {"lossless": True, "exif": exif})
    (image.convert("RGB") if suffix == "webp" else image).save(path, **options)
    pixels = read_array(path)
    grey = pixels[..., 0] if pixels.ndim == 3 else pixels
    assert read_size(path) == grey.shape == upright.shape
    assert np.abs(grey.astype(int) - upright).mean() < 3
    if suffix == "png":
        assert np.array_equal(read_labels(path), upright)


def test_options_survive_the_way_through_a_dataset_spec() -> None:
    options = PairOptions(visible="*_rgb", infrared="*_th", infrared_range="20,45.5", resize="infrared")
    spec = dataset_spec("folder", options)
    assert spec == "folder@visible=*_rgb,infrared=*_th,infrared-range=20:45.5,resize=infrared"
    name, back = parse_dataset(spec)
    assert name == "folder"
    assert dataclasses.replace(back, infrared_range="20,45.5") == options
    assert parse_dataset("msrs") == ("msrs", PLAIN)


@pytest.mark.parametrize(
    ("spec", "error", "said"),
    [
        ("folder@resise=infrared", UnknownName, "Did you mean 'resize'"),
        ("folder@resize=640", SettingsError, "WIDTHxHEIGHT"),
        ("folder@resize=0x5", SettingsError, "WIDTHxHEIGHT"),
        ("folder@infrared-range=5:1", SettingsError, "LOW below HIGH"),
        ("folder@infrared-range=nan:1", SettingsError, "LOW below HIGH"),
        ("folder@infrared-range", SettingsError, "option=value"),
        ("folder@visible=*_rgb", SettingsError, "give both"),
        ("folder@visible=rgb,infrared=th", SettingsError, r"needs a \*"),
        ("folder@channels=rgbd", SettingsError, "must be one of separate, drop-fourth, rgbt"),
    ],
)
def test_unusable_options_are_refused(tmp_path: Path, spec: str, error: type[Exception], said: str) -> None:
    with pytest.raises(error, match=said):
        load_dataset(spec, tmp_path, "test", "quality")


def test_the_size_of_a_sample_is_that_of_its_images_once_read(tmp_path: Path) -> None:
    write_image(tmp_path / "vi" / "a.png", make_image("v", 3, (48, 64)))
    write_image(tmp_path / "ir" / "a.png", make_image("i", 1, (24, 32)))
    dataset: PairedDataset = load_dataset("folder@resize=infrared", tmp_path, "test", "quality")
    assert pair_size(dataset[0]) == (24, 32) == tuple(read_sample(dataset[0])[0].shape[-2:])


def test_a_name_for_results_changes_neither_pixels_nor_what_is_said_of_them(tmp_path: Path) -> None:
    write_pairs(tmp_path / "visible", tmp_path / "infrared", ["a"])
    plain, named = (load_dataset(spec, tmp_path, "test", "quality") for spec in ("folder", "folder@called:campus"))
    assert plain.fingerprint == named.fingerprint
    assert "reading" not in named.facts
    assert [result_name(spec) for spec in ("folder", "folder@called:campus", "llvip@resize=infrared")] == [
        "folder",
        "campus",
        "llvip",
    ]
    with pytest.raises(SettingsError, match="--called takes letters"):
        parse_dataset("folder@called:my campus")
