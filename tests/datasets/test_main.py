"""`python -m datasets`: the commands as a user types them."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import pytest

from datasets.__main__ import main
from datasets.registry import DATASETS, load_dataset
from tests.datasets.miniatures import voc, write_label, write_llvip, write_mask, write_msrs


def test_help_loads_nothing_heavy() -> None:
    code = (
        "import sys\nfrom datasets.__main__ import main\n"
        "try:\n    main(['--help'])\nexcept SystemExit:\n    pass\n"
        "print({'torch', 'cv2'} & set(sys.modules))"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert done.stdout.strip().endswith("set()")
    for command in ("list", "check", "prepare", "sample"):
        assert command in done.stdout


def test_list_names_every_dataset_and_shows_one_in_full(capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["list"]) == 0
    listed = capsys.readouterr().out
    assert all(name in listed for name in DATASETS)
    assert main(["list", "fmb"]) == 0
    shown = capsys.readouterr().out
    assert "train 1,220, test 280" in shown
    assert "{train,test}/Visible/00001.png" in shown
    assert "14 Pole" in shown


def test_check_of_a_part_passes_and_of_the_whole_fails(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    write_llvip(tmp_path)
    assert main(["check", "llvip", "--root", str(tmp_path), "--subset"]) == 0
    assert "no problem" in capsys.readouterr().out
    assert main(["check", "llvip", "--root", str(tmp_path)]) == 1
    shown = capsys.readouterr().out
    assert "train: 12 pairs, the official release has 12025" in shown
    assert "--subset" in shown
    assert "2 problems" in shown


def test_check_lists_offenders_remedy_and_the_command_that_skips_them(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    write_llvip(tmp_path)
    write_label(tmp_path / "Annotations/190001.xml", voc(("person", 2, 3, 99, 20)))
    assert main(["check", "llvip", "--root", str(tmp_path), "--subset"]) == 1
    shown = capsys.readouterr().out
    assert "box outside: 1\n  190001: 190001.xml box 1" in shown
    assert f"prepare llvip --root {tmp_path} --out OUT --skip-invalid" in shown


@pytest.mark.parametrize(
    ("argv", "said"),
    [
        (["check", "llvpi", "--root", "x"], "Did you mean 'llvip'"),
        (["check", "llvip", "--root", "nowhere"], "no folder nowhere"),
        (["check", "llvip", "--root", ".", "--task", "segment"], "no labels for the task 'segment'"),
        (["check", "llvip", "--root", "ROOT", "--workers", "0"], "--workers must be at least 1"),
        (["list", "fbm"], "Did you mean 'fmb'"),
        (["sample", "out", "--size", "256"], "--size must be HEIGHTxWIDTH"),
        (["sample", "out", "--size", "8x8"], "at least 64"),
        (["sample", "out", "--set", "sensor.glaer=1"], "Did you mean 'sensor.glare'"),
        (["prepare", "llvip", "--root", "ROOT", "--out", "ROOT/clean"], "lies inside the dataset"),
    ],
)
def test_wrong_input_is_one_clear_block(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str], argv: list[str], said: str
) -> None:
    monkeypatch.chdir(tmp_path)
    write_llvip(tmp_path / "data")
    assert main([word.replace("ROOT", str(tmp_path / "data")) for word in argv]) == 1
    captured = capsys.readouterr()
    assert said in captured.err
    assert "Traceback" not in captured.err


def test_prepare_refuses_problems_then_leaves_them_out(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    source, out = tmp_path / "source", tmp_path / "out"
    write_msrs(source)
    write_mask(source / "train/Segmentation_labels/00001D.png", [99])
    whole = {s: [x.id for x in load_dataset("msrs", source, s, "quality")] for s in ("train", "val", "test")}
    argv = ["prepare", "msrs", "--root", str(source), "--out", str(out)]
    assert main(argv) == 1
    assert "mask ids" in capsys.readouterr().err
    assert not out.exists()
    assert main([*argv, "--skip-invalid"]) == 0
    assert "1 pairs left out" in capsys.readouterr().out
    for split, names in whole.items():
        clean = [x.id for x in load_dataset("msrs", out, split, "segment")]
        assert clean == [name for name in names if name != "00001D"]
    assert "00001D" not in (out / "splits/train.txt").read_text().split()
    assert main(["check", "msrs", "--root", str(out), "--subset"]) == 0


def test_prepare_goes_on_where_it_was_cut_off(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    source, out = tmp_path / "source", tmp_path / "out"
    write_msrs(source)
    argv = ["prepare", "msrs", "--root", str(source), "--out", str(out), "--copy"]
    assert main(argv) == 0
    assert "54 files written" in capsys.readouterr().out
    lost = out / "train/vi/00001D.png"
    lost.write_bytes(lost.read_bytes()[:10])
    (out / "test/ir/00101D.png").unlink()
    assert main(argv) == 0
    assert "2 files written" in capsys.readouterr().out
    assert lost.read_bytes() == (source / "train/vi/00001D.png").read_bytes()
    assert lost.stat().st_ino != (source / "train/vi/00001D.png").stat().st_ino


def test_links_cost_no_space(tmp_path: Path) -> None:
    write_msrs(tmp_path / "source")
    assert main(["prepare", "msrs", "--root", str(tmp_path / "source"), "--out", str(tmp_path / "out")]) == 0
    name = "train/vi/00001D.png"
    assert (tmp_path / "out" / name).stat().st_ino == (tmp_path / "source" / name).stat().st_ino


def test_a_sample_is_drawn_checked_and_loaded(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    numbers = ["--num-train", "2", "--num-val", "1", "--num-test", "1", "--seed", "3"]
    argv = ["sample", str(tmp_path / "drawn"), "--size", "64x80", *numbers, "--set", "sensor.glare=0"]
    assert main(argv) == 0
    assert "train 2, val 1, test 1 pairs of 64x80 (HxW), seed 3" in capsys.readouterr().out
    assert main(["check", "synthetic", "--root", str(tmp_path / "drawn")]) == 0
    assert len(load_dataset("synthetic", tmp_path / "drawn", "train", "detect")) == 2
