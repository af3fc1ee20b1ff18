from __future__ import annotations

from pathlib import Path

import pytest
import torch

from datasets.images import rgb_to_ycbcr, write_image
from diffif.fusers.base import Fuser
from diffif.fusers.outside.imported import ImportedFolder
from diffif.fusers.registry import build_fuser
from suite.errors import ImageError, SettingsError
from tests.contracts.fuser_contract import ODD_SIZES, FuserContract, make_pair


class TestImportedFolderContract(FuserContract):
    @pytest.fixture
    def fuser(self, tmp_path: Path, request: pytest.FixtureRequest) -> Fuser:
        params = getattr(request.node, "callspec", None)
        height, width = (params.params["height"], params.params["width"]) if params else ODD_SIZES[0]
        fused, _ = make_pair(height, width, batch=4, seed=1)
        for index in range(4):
            write_image(tmp_path / f"{index}.png", fused[index])
        return build_fuser(f"folder:{tmp_path}")


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    for name in ("a", "b"):
        write_image(tmp_path / f"{name}.png", torch.full((3, 4, 5), 0.2 if name == "a" else 0.6))
    return tmp_path


def pair() -> tuple[torch.Tensor, torch.Tensor]:
    return torch.zeros(1, 3, 4, 5), torch.zeros(1, 1, 4, 5)


def test_images_are_matched_by_id_whatever_their_order(folder: Path) -> None:
    fuser = ImportedFolder(path=str(folder))
    vi, ir = torch.zeros(2, 3, 4, 5), torch.zeros(2, 1, 4, 5)
    fused = fuser.fuse(vi, ir, ids=["b", "a"])
    assert fused[0].mean() == pytest.approx(0.6)
    assert fused[1].mean() == pytest.approx(0.2)


def test_missing_image_is_named_with_the_nearest_name(folder: Path) -> None:
    write_image(folder / "00131D.png", torch.zeros(3, 4, 5))
    with pytest.raises(ImageError, match=r"no image for 1 of the pairs.*\n  00131N\n.*'00131D'"):
        ImportedFolder(path=str(folder)).fuse(*pair(), ids=["00131N"])


def test_image_of_another_size_is_refused_with_both_sizes(folder: Path) -> None:
    with pytest.raises(ImageError, match=r"4x5.*but the pair a is 8x5"):
        ImportedFolder(path=str(folder)).fuse(torch.zeros(1, 3, 8, 5), torch.zeros(1, 1, 8, 5), ids=["a"])


def test_fuse_without_ids_says_what_to_pass(folder: Path) -> None:
    with pytest.raises(ImageError, match="ids="):
        ImportedFolder(path=str(folder)).fuse(*pair())


def test_empty_or_absent_folder_is_refused(tmp_path: Path) -> None:
    with pytest.raises(SettingsError, match="holds no image"):
        ImportedFolder(path=str(tmp_path))
    with pytest.raises(SettingsError, match="not a folder"):
        ImportedFolder(path=str(tmp_path / "absent"))


def test_two_images_of_one_name_are_refused(folder: Path) -> None:
    write_image(folder / "a.bmp", torch.zeros(3, 4, 5))
    with pytest.raises(SettingsError, match="two images named a"):
        ImportedFolder(path=str(folder))


def test_fingerprint_follows_the_contents_and_not_the_path(folder: Path, tmp_path: Path) -> None:
    before = ImportedFolder(path=str(folder)).fingerprint
    moved = folder.rename(tmp_path.with_name(tmp_path.name + "-moved"))
    assert ImportedFolder(path=str(moved)).fingerprint == before
    write_image(moved / "a.png", torch.ones(3, 4, 5))
    assert ImportedFolder(path=str(moved)).fingerprint != before


def test_visible_chroma_can_colour_grey_results(folder: Path) -> None:
    visible, infrared = make_pair(4, 5)
    stored = ImportedFolder(path=str(folder)).fuse(visible, infrared, ids=["a"])
    coloured = ImportedFolder(path=str(folder), chroma="visible").fuse(visible, infrared, ids=["a"])
    assert torch.allclose(stored, torch.full_like(stored, 51 / 255))
    assert (rgb_to_ycbcr(coloured)[1] - 0.5).abs().max() > 0.01
