"""What is refused before any long work."""

from __future__ import annotations

import os
from pathlib import Path

import numpy as np
import pytest
import torch

from datasets.images import write_image
from downstream.preflight import check_images, check_workdir
from suite.device import resolve_device
from suite.errors import DatasetError, DeviceError, SettingsError, WorkdirError
from tests.conftest import MakeLabelledPairs


def test_auto_takes_a_gpu_only_where_there_is_one(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(torch.cuda, "is_available", lambda: False)
    assert resolve_device("auto") == "cpu"
    monkeypatch.setattr(torch.cuda, "is_available", lambda: True)
    monkeypatch.setattr(torch.cuda, "device_count", lambda: 2)
    assert resolve_device("auto") == "cuda:0"
    assert resolve_device("cuda:1") == resolve_device("1") == "cuda:1"
    with pytest.raises(DeviceError, match="2 usable GPUs"):
        resolve_device("cuda:2")


def test_cuda_without_a_gpu_names_the_way_out(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(torch.cuda, "is_available", lambda: False)
    with pytest.raises(DeviceError, match="--device cpu"):
        resolve_device("cuda")


@pytest.mark.parametrize("text", ["gpu", "cuda:x", "cpu:1", ""])
def test_what_is_no_device_is_refused(text: str) -> None:
    with pytest.raises(SettingsError, match="--device"):
        resolve_device(text)


def test_the_workdir_is_made_and_left_empty(tmp_path: Path) -> None:
    made = check_workdir(tmp_path / "a" / "b")
    assert made.is_absolute()
    assert list(made.iterdir()) == []


@pytest.mark.skipif(os.geteuid() == 0, reason="root may write everywhere")
def test_a_workdir_without_write_permission_is_refused(tmp_path: Path) -> None:
    tmp_path.chmod(0o500)
    with pytest.raises(WorkdirError, match="not writable"):
        check_workdir(tmp_path)


def test_a_workdir_below_a_file_is_refused(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("")
    with pytest.raises(WorkdirError, match="--workdir"):
        check_workdir(tmp_path / "file" / "work")


def test_every_bad_image_is_found_before_the_work(make_labelled_pairs: MakeLabelledPairs, tmp_path: Path) -> None:
    dataset = make_labelled_pairs(6)
    content = dataset[2].visible.read_bytes()
    dataset[2].visible.write_bytes(content[: len(content) // 2])
    write_image(dataset[4].infrared, np.zeros((10, 10), dtype=np.uint8))
    with pytest.raises(DatasetError, match="2 problems") as caught:
        check_images([dataset], tmp_path / "work")
    assert "000002" in str(caught.value)
    assert "24x32 (HxW)" in str(caught.value)
    assert "--skip-invalid" in str(caught.value)


def test_what_passed_once_is_not_decoded_again(
    make_labelled_pairs: MakeLabelledPairs, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    dataset = make_labelled_pairs(2)
    check_images([dataset], tmp_path)
    monkeypatch.setattr("downstream.preflight.check_pair", lambda *_, **__: pytest.fail("decoded again"))
    check_images([dataset], tmp_path)


def test_a_mask_of_another_size_or_with_foreign_ids_is_refused(
    make_labelled_pairs: MakeLabelledPairs, tmp_path: Path
) -> None:
    dataset = make_labelled_pairs(3, task="segment")
    write_image(dataset.root / "label" / "000000.png", np.zeros((5, 5), dtype=np.uint8))
    write_image(dataset.root / "label" / "000001.png", np.full((24, 32), 7, dtype=np.uint8))
    with pytest.raises(DatasetError, match="2 problems") as caught:
        check_images([dataset], tmp_path)
    assert "holds the ids 7" in str(caught.value)
