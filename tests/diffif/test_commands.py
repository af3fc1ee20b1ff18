"""`python -m diffif`: every subcommand does its work, and refuses bad input before any work."""

from __future__ import annotations

import re
from collections.abc import Callable
from pathlib import Path

import pandas as pd
import pytest
import torch

from datasets.base import PairedDataset
from datasets.images import read_array, write_image
from diffif.__main__ import main
from diffif.model.checkpoint import load_checkpoint

MakePairs = Callable[..., PairedDataset]


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
    times = {p.name: p.stat().st_mtime_ns for p in (tmp_path / "out").glob("*.png")}
    assert main(command) == 0
    assert "2 are already there" in capsys.readouterr().out
    assert all((tmp_path / "out" / name).stat().st_mtime_ns == time for name, time in times.items())
    assert len(list((tmp_path / "out").glob("*.png"))) == 3


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


def _folder_dataset(make_pairs: MakePairs, tmp_path: Path) -> list[str]:
    """Two pairs for training, two for validation; the options that name them."""
    for split in ("train", "val"):
        for sample in make_pairs(split, count=2):
            for kind, path in (("vi", sample.visible), ("ir", sample.infrared)):
                write_image(tmp_path / "data" / split / kind / path.name, read_array(path))
    return ["--dataset", "folder", "--root", str(tmp_path / "data")]


def test_search_train_info_and_fuse_follow_each_other(
    make_pairs: MakePairs, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    data = _folder_dataset(make_pairs, tmp_path)
    prior = str(tmp_path / "prior")
    assert main(["search", *data, "--out", prior, "--candidates", "average,max", "--jobs", "1"]) == 0
    assert "pairs/s" in capsys.readouterr().out
    sizes = ["data.crop=64", "data.batch_size=1", "iterations=2", "validation.max_side=64", "validation.every=1"]
    small = ["model.denoiser.inner_channels=4", "model.denoiser.norm_groups=2", "model.refiner.width=4"]
    settings = [part for setting in (*sizes, *small) for part in ("--set", setting)]
    assert main(["train", *data, "--prior", f"{prior}/Fusion_K", "--out", str(tmp_path / "run"), *settings]) == 0
    best = str(tmp_path / "run" / "best.safetensors")
    assert re.search(r"step 1/2: mi \d.*  goal -?\d.*  \(best\)\n", capsys.readouterr().out)
    assert main(["info", best]) == 0
    assert "inner_channels: 4" in capsys.readouterr().out
    vi, ir = (str(tmp_path / "data" / "val" / kind) for kind in ("vi", "ir"))
    assert main(["fuse", vi, ir, "--out", str(tmp_path / "fused"), "--checkpoint", best, "--steps", "1"]) == 0
    assert len(list((tmp_path / "fused").glob("*.png"))) == 2
    student = tmp_path / "student"
    taught = ["distill", "--teacher", best, *data, "--out", str(student), "--teacher-steps", "3", *settings]
    assert main(taught) == 0
    assert load_checkpoint(student / "best.safetensors").card.recipe["teacher"]["num_steps"] == 3


def test_search_goes_on_with_other_weights_and_more_candidates(
    make_pairs: MakePairs, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    out = tmp_path / "prior"
    command = ["search", *_folder_dataset(make_pairs, tmp_path), "--out", str(out), "--jobs", "1"]
    (out / "pool").mkdir(parents=True)
    assert main([*command, "--candidates", "average", "max", "--candidates", "visible"]) == 0
    shown = capsys.readouterr().out
    assert "pool holds candidates of an earlier version; they are fused again" in shown
    assert "2 pairs, 3 candidates" in shown
    assert "6 images fused" in shown
    for file in ("scores.parquet", "summary.csv", "search.png", "search.json", "Fusion_K/train000.png"):
        assert (out / file).is_file()
    assert main([*command, "--candidates", "average,max,visible", "--weights", "vif=1,mse=-0.5"]) == 0
    assert "0 images fused" in capsys.readouterr().out
    table = pd.read_parquet(out / "scores.parquet")
    assert {"vif", "mse"} < set(table.columns)
    assert table.score.tolist() == pytest.approx((table.vif - 0.5 * table.mse).tolist())
    assert (
        main(
            [
                *command,
                "--candidates",
                "average,max,visible",
                "--weights",
                "mse=-0.5,vif=1",
                "--random",
                "--max-memory",
                "0.5",
            ]
        )
        == 0
    )
    shown = capsys.readouterr().out
    assert "wins" in shown
    assert "6 images fused" in shown, "a memory budget is another way of fusing"


def test_search_leaves_a_missing_candidate_out_only_when_told_to(
    make_pairs: MakePairs, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    data, out = _folder_dataset(make_pairs, tmp_path), tmp_path / "prior"
    write_image(tmp_path / "theirs" / "train000.png", torch.full((3, 72, 80), 0.5))
    command = ["search", *data, "--out", str(out), "--candidates", f"max,folder:{tmp_path / 'theirs'}", "--jobs", "1"]
    assert main(command) == 1
    assert "no image of train001" in capsys.readouterr().err
    assert not out.exists()
    assert main([*command, "--missing", "skip"]) == 0
    assert "1 scores missing" in capsys.readouterr().out


@pytest.mark.parametrize(
    ("options", "message"),
    [
        (["--weights", "qbaf=1"], "Did you mean 'qabf'?"),
        (["--weights", "nabf=1"], "its weight must be negative: nabf=-1"),
        (["--weights", "ssim=1", "--score", "own:score"], '--weights "ssim=1,own:score=1"'),
        (["--score", "no_such_module:score"], "cannot import the score"),
        (["--score", "ssim"], "Metrics go into --weights"),
        (["--candidates", "averag"], "Did you mean 'average'?"),
        (["--convention", "tank"], "Did you mean 'tang'?"),
        (["--jobs", "0"], "--jobs must be at least 1"),
    ],
)
def test_search_refuses_bad_input_before_any_work(
    make_pairs: MakePairs, tmp_path: Path, capsys: pytest.CaptureFixture[str], options: list[str], message: str
) -> None:
    data, out = _folder_dataset(make_pairs, tmp_path), tmp_path / "prior"
    assert main(["search", *data, "--out", str(out), *options]) == 1
    assert message in capsys.readouterr().err
    assert not out.exists()


def test_search_maximises_a_function_of_the_users_own(
    make_pairs: MakePairs, tmp_path: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    source = "def darkness(fused, visible, infrared):\n    return 1 - fused.mean(dim=(1, 2, 3))\n"
    (tmp_path / "scores_of_mine.py").write_text(source)
    monkeypatch.syspath_prepend(tmp_path)
    out = tmp_path / "prior"
    command = ["search", *_folder_dataset(make_pairs, tmp_path), "--out", str(out), "--candidates", "max,average"]
    assert main([*command, "--score", "scores_of_mine:darkness", "--jobs", "1"]) == 0
    table = pd.read_parquet(out / "scores.parquet")
    assert set(table[table.chosen].candidate) == {"average"}
