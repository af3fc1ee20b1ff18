"""The pool: fused sets, priors in native colours, restarts, and what is missing is said before any work."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest
import torch

from datasets.base import PairedDataset
from datasets.images import read_array, read_pair, rgb_to_y, to_uint8, write_image
from diffif.fusers.fused_set import fuse_split, partial_dir
from diffif.fusers.registry import build_fuser
from diffif.prior.candidates import Candidates, make_candidates, parse_candidates, plan_candidates
from diffif.prior.targeted_search import PRIOR_FOLDER, draw
from suite.errors import DatasetError, SettingsError

MakePairs = Callable[..., PairedDataset]
MakePool = Callable[..., list[Candidates]]


def make_grey(dataset: PairedDataset) -> None:
    for sample in dataset:
        write_image(sample.visible, rgb_to_y(read_pair(sample.visible, sample.infrared)[0]))


def images_of(dataset: PairedDataset, folder: Path, count: int, size: tuple[int, int] = (72, 80)) -> str:
    """A folder: candidate that holds the first `count` pairs."""
    for sample in dataset[:count]:
        write_image(folder / f"{sample.id}.png", torch.full((1, *size), 0.5))
    return f"folder:{folder}"


@pytest.mark.parametrize(
    ("texts", "specs"),
    [
        (["a,b", "c"], ("a", "b", "c")),
        (["a, b ,"], ("a", "b")),
        (["diffif@steps=2,seed=1,max"], ("diffif@steps=2,seed=1", "max")),
        (["folder:x@chroma=visible,label=X,onnx:y.onnx"], ("folder:x@chroma=visible,label=X", "onnx:y.onnx")),
    ],
)
def test_candidates_are_separated_by_commas_and_words(texts: list[str], specs: tuple[str, ...]) -> None:
    assert parse_candidates(texts) == specs


def test_colour_pairs_keep_the_fusers_colours(make_pairs: MakePairs, make_pool: MakePool, tmp_path: Path) -> None:
    dataset = make_pairs(count=1)
    (candidates,) = make_pool(dataset, tmp_path, ("max",))
    visible, infrared = read_pair(dataset[0].visible, dataset[0].infrared)
    stored = read_array(candidates.path(dataset[0].id))
    assert (stored == to_uint8(build_fuser("max").fuse(visible, infrared))).all()
    assert np.ptp(stored.astype(int), axis=2).max() > 20


def test_the_prior_of_a_grey_pair_is_grey(make_pairs: MakePairs, make_pool: MakePool, tmp_path: Path) -> None:
    dataset = make_pairs(count=2)
    make_grey(dataset)
    for spec in ("average", "laplacian"):
        (candidates,) = make_pool(dataset, tmp_path, (spec,))
        draw(dataset.samples, [candidates], tmp_path)
        prior = read_array(tmp_path / PRIOR_FOLDER / f"{dataset[0].id}.png")
        assert prior.shape == (72, 80)
        colour = read_array(candidates.path(dataset[0].id)).astype(int)
        assert np.abs(colour - prior[..., None]).max() <= 1


def test_colour_pairs_stay_colour_under_a_fuser_that_gives_grey(
    make_pairs: MakePairs, make_pool: MakePool, tmp_path: Path
) -> None:
    dataset = make_pairs(count=1)
    folder = images_of(dataset, tmp_path / "A", 1)
    (candidates,) = make_pool(dataset, tmp_path, (folder,))
    draw(dataset.samples, [candidates], tmp_path)
    assert (read_array(tmp_path / PRIOR_FOLDER / f"{dataset[0].id}.png") == np.full((72, 80, 3), 128)).all()


def test_a_fuser_that_colours_grey_pairs_keeps_its_colours(
    make_pairs: MakePairs, make_pool: MakePool, tmp_path: Path
) -> None:
    dataset = make_pairs(count=1)
    make_grey(dataset)
    write_image(tmp_path / "coloured" / f"{dataset[0].id}.png", torch.rand(3, 72, 80))
    (candidates,) = make_pool(dataset, tmp_path, (f"folder:{tmp_path / 'coloured'}",))
    draw(dataset.samples, [candidates], tmp_path)
    assert read_array(tmp_path / PRIOR_FOLDER / f"{dataset[0].id}.png").shape == (72, 80, 3)


def test_luma_files_of_an_earlier_version_are_not_taken_for_candidates(
    make_pairs: MakePairs, make_pool: MakePool, tmp_path: Path
) -> None:
    dataset = make_pairs(count=1)
    (candidates,) = make_pool(dataset, tmp_path, ("max",))
    old = tmp_path / "old" / "candidates" / f"max-{candidates.fingerprint}" / f"{dataset[0].id}.png"
    write_image(old, torch.zeros(1, 72, 80))
    (again,) = make_pool(dataset, tmp_path / "old", ("max",))
    assert (read_array(again.path(dataset[0].id)) == read_array(candidates.path(dataset[0].id))).all()
    assert not read_array(old).any()


def test_finished_candidates_are_not_fused_again(make_pairs: MakePairs, make_pool: MakePool, tmp_path: Path) -> None:
    dataset = make_pairs(count=2)
    pool = make_pool(dataset, tmp_path)
    before = pool[0].path(dataset[0].id).stat().st_mtime_ns
    assert pool[0].count([sample.id for sample in dataset]) == 2
    make_pool(dataset, tmp_path)
    assert pool[0].path(dataset[0].id).stat().st_mtime_ns == before


def test_candidates_are_the_fused_sets_of_the_tasks(make_pairs: MakePairs, make_pool: MakePool, tmp_path: Path) -> None:
    dataset = make_pairs(count=2)
    (candidates,) = make_pool(dataset, tmp_path, ("max",))
    fused = fuse_split(dataset, build_fuser("max"), tmp_path, spec="max", progress=False)
    assert candidates.folder == fused.images_dir
    assert len(list((tmp_path / "fused").glob("*/manifest.json"))) == 1


def test_a_set_that_was_begun_counts_what_it_has(make_pairs: MakePairs, make_pool: MakePool, tmp_path: Path) -> None:
    dataset = make_pairs(count=3)
    (candidates,) = plan_candidates(dataset, [("max", build_fuser("max"))], tmp_path)
    write_image(partial_dir(candidates.folder.parent) / "images" / f"{dataset[0].id}.png", torch.zeros(3, 72, 80))
    assert candidates.count([sample.id for sample in dataset]) == 1


def test_missing_images_are_collected_before_anything_is_fused(
    make_pairs: MakePairs, make_pool: MakePool, tmp_path: Path
) -> None:
    dataset = make_pairs(count=14, size=(16, 16))
    first, second = (images_of(dataset, tmp_path / name, count, (16, 16)) for name, count in (("A", 8), ("B", 13)))
    with pytest.raises(DatasetError) as error:
        make_pool(dataset, tmp_path / "out", ("average", first, second))
    message = str(error.value)
    assert "7 candidates of 14 pairs are missing" in message
    assert f"{first}: no image of train008" in message
    assert f"{second}: no image of train013" in message
    assert "--missing skip" in message
    assert not (tmp_path / "out").exists()


def test_at_most_ten_missing_images_are_listed(make_pairs: MakePairs, make_pool: MakePool, tmp_path: Path) -> None:
    dataset = make_pairs(count=14, size=(16, 16))
    with pytest.raises(DatasetError, match=r"and 3 more \(13 in total\)"):
        make_pool(dataset, tmp_path / "out", ("average", images_of(dataset, tmp_path / "A", 1, (16, 16))))


def test_skipping_leaves_a_candidate_out_where_it_is_missing(
    make_pairs: MakePairs, make_pool: MakePool, tmp_path: Path
) -> None:
    dataset = make_pairs()
    pool = make_pool(dataset, tmp_path, ("max", images_of(dataset, tmp_path / "A", 3)), missing="skip")
    assert pool[0].absent == frozenset()
    assert pool[1].absent == {"train003"}
    assert not pool[1].path("train003").exists()


def test_a_pair_without_any_candidate_is_refused_even_when_skipping(make_pairs: MakePairs, tmp_path: Path) -> None:
    dataset = make_pairs()
    fusers = [(spec, build_fuser(spec)) for spec in (images_of(dataset, tmp_path / "A", 3),)]
    with pytest.raises(DatasetError, match=r"1 pairs have no candidate at all:\n  train003"):
        plan_candidates(dataset, fusers, tmp_path, missing="skip")


def test_an_image_of_another_size_is_found_before_any_fuser_works(
    make_pairs: MakePairs, make_pool: MakePool, tmp_path: Path
) -> None:
    dataset = make_pairs()
    with pytest.raises(Exception, match=r"10x10 \(HxW\), but the pair"):
        make_pool(dataset, tmp_path, ("average", images_of(dataset, tmp_path / "A", 4, (10, 10))))
    assert not list((tmp_path / "fused").glob("*-average-*/images/*.png"))


@pytest.mark.parametrize("specs", [("max", "max"), ()])
def test_a_pool_that_is_empty_or_names_a_fuser_twice_is_refused(
    make_pairs: MakePairs, tmp_path: Path, specs: tuple[str, ...]
) -> None:
    with pytest.raises(SettingsError, match="each only once"):
        make_candidates(make_pairs(count=1), [(spec, build_fuser(spec)) for spec in specs], tmp_path)
