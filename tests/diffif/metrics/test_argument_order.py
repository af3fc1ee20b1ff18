"""Fused, visible, infrared: another order is refused where the names say so, and doubted where the pixels do."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

from datasets.images import write_image
from diffif.metrics.__main__ import main
from diffif.metrics.argument_order import doubts, refuse_wrong_order
from diffif.metrics.files import ImageFiles
from suite.errors import SettingsError


def test_the_former_order_is_refused_where_the_names_say_it_and_the_right_one_is_printed() -> None:
    with pytest.raises(SettingsError, match=r"Probably: out set/visible set/infrared$"):
        refuse_wrong_order(Path("set/visible"), Path("set/infrared"), Path("out"))
    with pytest.raises(SettingsError, match=r"Probably: a/fused.png a/VIS.png a/IR.png$"):
        refuse_wrong_order(Path("a/VIS.png"), Path("a/IR.png"), Path("a/fused.png"))


def test_swapped_sources_are_refused() -> None:
    with pytest.raises(SettingsError, match=r"Probably: fused vi ir$"):
        refuse_wrong_order(Path("fused"), Path("ir"), Path("vi"))


@pytest.mark.parametrize(
    "paths",
    [
        ("out", "data/vi", "data/ir"),
        ("runs/visible", "data/visible", "data/infrared"),
        ("visible", "x", "y"),
        ("results_ir_vis", "test/vi", "test/ir"),
        ("/home/ir/out", "/home/ir/vi", "/home/ir/ir"),
        ("a", "b", "c"),
    ],
)
def test_the_right_order_and_names_that_say_nothing_pass(paths: tuple[str, str, str]) -> None:
    refuse_wrong_order(*map(Path, paths))


def write(folder: Path, *images: np.ndarray) -> list[ImageFiles]:
    paths = [folder / f"{letter}.png" for letter in "abc"]
    for path, image in zip(paths, images, strict=True):
        write_image(path, image)
    return [ImageFiles("a", *paths)]


def scene(seed: int, channels: int = 1) -> np.ndarray:
    levels = np.random.default_rng(seed).integers(0, 200, (48, 48, channels), dtype=np.uint8)
    return np.concatenate([levels] * (3 // channels), axis=2) if channels == 1 else levels


def mean(one: np.ndarray, other: np.ndarray) -> np.ndarray:
    return ((one.astype(int) + other) // 2).astype(np.uint8)


def test_nothing_is_said_of_the_right_order(tmp_path: Path) -> None:
    visible, infrared = scene(0), scene(1)
    assert doubts(write(tmp_path, mean(visible, infrared), visible, infrared)) == []


def test_pixels_of_the_former_order_are_doubted(tmp_path: Path) -> None:
    visible, infrared = scene(0), scene(1)
    (doubt,) = doubts(write(tmp_path, visible, infrared, mean(visible, infrared)))
    assert "is the third the fused one?" in doubt


def test_colour_in_the_third_beside_a_grey_second_is_doubted(tmp_path: Path) -> None:
    visible, infrared = scene(0, 3), scene(1)
    (doubt, *_) = doubts(write(tmp_path, visible, infrared, mean(visible, infrared)))
    assert doubt == "the infrared images are in colour and the visible ones are grey."


@pytest.mark.parametrize(("place", "source"), [(1, "visible"), (2, "infrared")])
def test_a_source_given_as_fused_is_named(place: int, source: str, tmp_path: Path) -> None:
    images = [scene(0), scene(0), scene(0)]
    images[3 - place] = scene(1)
    assert doubts(write(tmp_path, *images)) == [f"the fused images are the {source} ones, pixel by pixel."]


def test_a_constant_image_and_sizes_that_differ_are_no_doubt(tmp_path: Path) -> None:
    flat = np.zeros((48, 48, 3), dtype=np.uint8)
    assert doubts(write(tmp_path, flat, scene(0), scene(1))) == []
    assert doubts(write(tmp_path, flat, scene(0), scene(1)[:40])) == []


def test_the_command_warns_and_still_scores(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    visible, infrared = scene(0), scene(1)
    (entry,) = write(tmp_path, visible, infrared, mean(visible, infrared))
    assert main([str(entry.fused), str(entry.visible), str(entry.infrared), "--metrics", "en"]) == 0
    printed = capsys.readouterr()
    assert "The order is FUSED VISIBLE INFRARED; until version 0.2 it was another one." in printed.err
    assert printed.out.startswith("convention: standard")


def test_the_command_refuses_by_name(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["visible", "infrared", "fused"]) == 1
    assert "Probably: fused visible infrared" in capsys.readouterr().err
