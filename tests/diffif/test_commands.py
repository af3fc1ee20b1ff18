"""`python -m diffif`: every subcommand says what it does at once, and refuses bad input before any work."""

from __future__ import annotations

import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

import pytest
import torch

from datasets.base import PairedDataset
from datasets.images import read_array, write_image
from diffif.__main__ import COMMANDS, main

MakePairs = Callable[..., PairedDataset]


def test_help_loads_neither_torch_nor_opencv() -> None:
    script = (
        "import sys; from diffif.__main__ import build_parser; build_parser(); "
        "print([m for m in ('torch', 'cv2', 'pandas', 'ultralytics') if m in sys.modules])"
    )
    done = subprocess.run([sys.executable, "-c", script], capture_output=True, text=True, check=True)
    assert done.stdout.strip() == "[]"


@pytest.mark.parametrize("name", COMMANDS)
def test_every_subcommand_has_help_with_an_example_or_a_reason(name: str, capsys: pytest.CaptureFixture[str]) -> None:
    with pytest.raises(SystemExit) as stopped:
        main([name, "--help"])
    assert stopped.value.code == 0
    assert len(capsys.readouterr().out) > 300


def test_two_files_are_fused_at_the_size_that_went_in(make_pairs: MakePairs, tmp_path: Path) -> None:
    pair = make_pairs(count=1, size=(37, 53))[0]
    out = tmp_path / "fused.png"
    assert main(["fuse", str(pair.visible), str(pair.infrared), "--out", str(out), "--fuser", "average"]) == 0
    assert read_array(out).shape == (37, 53, 3)


def test_folders_are_matched_by_name_and_finished_files_are_kept(
    make_pairs: MakePairs, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    dataset = make_pairs(count=3)
    folders = [str(dataset[0].visible.parent), str(dataset[0].infrared.parent)]
    command = ["fuse", *folders, "--out", str(tmp_path / "out"), "--fuser", "max"]
    assert main(command) == 0
    (tmp_path / "out" / f"{dataset[1].id}.png").unlink()
    times = {p.name: p.stat().st_mtime_ns for p in (tmp_path / "out").iterdir()}
    assert main(command) == 0
    assert "2 of 3 are already there" in capsys.readouterr().out
    assert all((tmp_path / "out" / name).stat().st_mtime_ns == time for name, time in times.items())
    assert len(list((tmp_path / "out").iterdir())) == 3


def test_a_lonely_image_is_named(make_pairs: MakePairs, tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    dataset = make_pairs(count=2)
    dataset[1].infrared.unlink()
    folders = [str(dataset[0].visible.parent), str(dataset[0].infrared.parent)]
    assert main(["fuse", *folders, "--out", str(tmp_path / "out"), "--fuser", "max"]) == 1
    assert f"{dataset[1].id}: only in" in capsys.readouterr().err


def test_a_misspelled_fuser_gets_a_suggestion(
    make_pairs: MakePairs, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    pair = make_pairs(count=1)[0]
    assert main(["fuse", str(pair.visible), str(pair.infrared), "--out", str(tmp_path), "--fuser", "difif"]) == 1
    assert "Did you mean 'diffif'?" in capsys.readouterr().err


def test_an_image_as_checkpoint_is_refused(
    make_pairs: MakePairs, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    pair = make_pairs(count=1)[0]
    arguments = [str(pair.visible), str(pair.infrared), "--out", str(tmp_path / "o.png")]
    assert main(["fuse", *arguments, "--checkpoint", str(pair.visible)]) == 1
    assert "is not a Diff-IF checkpoint" in capsys.readouterr().err
    assert not (tmp_path / "o.png").exists()


def test_a_cuda_device_that_is_not_there_is_said_before_the_work(
    make_pairs: MakePairs, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    if torch.cuda.is_available():
        pytest.skip("a CUDA device is here")
    pair = make_pairs(count=1)[0]
    arguments = [str(pair.visible), str(pair.infrared), "--out", str(tmp_path / "o.png"), "--fuser", "average"]
    assert main(["fuse", *arguments, "--device", "cuda"]) == 1
    assert "no GPU is usable here" in capsys.readouterr().err
    assert main(["train", "--dataset", "folder", "--root", str(tmp_path), "--out", "x", "--device", "cuda"]) == 1


def test_search_train_info_and_fuse_follow_each_other(
    make_pairs: MakePairs, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    for split in ("train", "val"):
        for sample in make_pairs(split, count=2):
            for kind, path in (("vi", sample.visible), ("ir", sample.infrared)):
                target = tmp_path / "data" / split / kind / path.name
                write_image(target, read_array(path))
    data = ["--dataset", "folder", "--root", str(tmp_path / "data")]
    prior = str(tmp_path / "prior")
    assert main(["search", *data, "--out", prior, "--fusers", "average", "max"]) == 0
    assert "pairs/s" in capsys.readouterr().out
    sizes = ["data.crop=64", "data.batch_size=1", "iterations=2", "validation.max_side=64", "validation.every=1"]
    small = ["model.denoiser.inner_channels=4", "model.denoiser.norm_groups=2", "model.refiner.width=4"]
    settings = [part for setting in (*sizes, *small) for part in ("--set", setting)]
    assert main(["train", *data, "--prior", f"{prior}/Fusion_K", "--out", str(tmp_path / "run"), *settings]) == 0
    best = str(tmp_path / "run" / "best.safetensors")
    capsys.readouterr()
    assert main(["info", best]) == 0
    assert "inner_channels: 4" in capsys.readouterr().out
    vi, ir = (str(tmp_path / "data" / "val" / kind) for kind in ("vi", "ir"))
    assert main(["fuse", vi, ir, "--out", str(tmp_path / "fused"), "--checkpoint", best, "--steps", "1"]) == 0
    assert len(list((tmp_path / "fused").glob("*.png"))) == 2
