"""Every command that a message about files prints works: it is taken from the message and executed."""

from __future__ import annotations

import re
import shlex
from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest

from datasets.__main__ import main as datasets_main
from datasets.registry import load_dataset
from diffif.__main__ import main as diffif_main
from suite.errors import BenchError
from tests.datasets.miniatures import (
    make_image,
    voc,
    write_image,
    write_label,
    write_llvip,
    write_mask,
    write_msrs,
    write_pairs,
)
from tests.datasets.test_reading import write_counts

MAINS = {"datasets": datasets_main, "diffif": diffif_main}


def commands_in(text: str) -> list[list[str]]:
    """What follows `python -m` up to the end of the line or sentence, as words."""
    found = re.findall(r"python -m ([^\n]+)", text)
    return [shlex.split(command.split(". ")[0].rstrip(".")) for command in found]


def run_all(text: str, tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    commands = commands_in(text)
    assert commands
    for module, *words in commands:
        filled = [str(tmp_path / "clean") if word == "OUT" else word for word in words]
        assert MAINS[module](filled) in (0, 1)
        said = capsys.readouterr()
        assert "Traceback" not in said.err
        assert "unrecognized" not in said.err
        assert "expected" not in said.err.split("\n")[0] or "Expected" in said.err


def cut_image(root: Path) -> str:
    write_pairs(root / "vi", root / "ir", ["a", "b"])
    (root / "ir/a.png").write_bytes((root / "ir/a.png").read_bytes()[:60])
    return "folder"


def lonely_image(root: Path) -> str:
    write_pairs(root / "my vi's/visible", root / "my vi's/infrared", ["a", "b"])
    (root / "my vi's/infrared/a.png").unlink()
    return "folder"


def box_outside(root: Path) -> str:
    write_llvip(root)
    write_label(root / "Annotations/190001.xml", voc(("person", 2, 3, 400, 20)))
    return "llvip"


def foreign_ids(root: Path) -> str:
    write_msrs(root)
    write_mask(root / "test/Segmentation_labels/00101D.png", [99])
    return "msrs"


def two_sizes(root: Path) -> str:
    write_pairs(root / "vi", root / "ir", ["a", "b"])
    write_image(root / "ir/a.png", make_image("a", 1, (12, 16)))
    return "folder@range-over=set"


def raw_counts(root: Path) -> str:
    write_image(root / "vi/a.png", make_image("a", 3, (48, 64)))
    write_counts(root / "ir/a.png")
    return "folder"


@pytest.mark.parametrize("make", [cut_image, lonely_image, box_outside, foreign_ids, two_sizes, raw_counts])
def test_the_commands_that_check_prints_work(
    tmp_path: Path, capsys: pytest.CaptureFixture[str], make: Callable[[Path], str]
) -> None:
    root = tmp_path / "data"
    name = make(root)
    subset = [] if name.startswith("folder") else ["--subset"]
    assert datasets_main(["check", name, "--root", str(root), *subset]) == 1
    run_all(capsys.readouterr().out, tmp_path, capsys)
    assert (tmp_path / "clean").is_dir() or make is raw_counts


@pytest.mark.parametrize(("make", "task"), [(box_outside, "detect"), (lonely_image, "quality")])
def test_the_commands_that_loading_prints_work(
    tmp_path: Path, capsys: pytest.CaptureFixture[str], make: Callable[[Path], str], task: str
) -> None:
    root = tmp_path / "data"
    name = make(root)
    with pytest.raises(BenchError) as caught:
        load_dataset(name, root, "test", task)  # type: ignore[arg-type]
    run_all(str(caught.value), tmp_path, capsys)


def test_the_options_that_a_refused_range_prints_work(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    raw_counts(tmp_path / "data")
    words = ["fuse", str(tmp_path / "data/vi"), str(tmp_path / "data/ir"), "--fuser", "average"]
    assert diffif_main([*words, "--out", str(tmp_path / "out")]) == 1
    options = re.findall(r"--infrared-range (percentile|min-max)", capsys.readouterr().err)
    assert options == ["percentile", "min-max"]
    for number, option in enumerate(options):
        assert diffif_main([*words, "--out", str(tmp_path / f"out{number}"), "--infrared-range", option]) == 0


def test_the_sizes_that_a_refused_pair_prints_work(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    write_image(tmp_path / "vi/a.png", make_image("a", 3, (48, 64)))
    write_image(tmp_path / "ir/a.png", np.ascontiguousarray(make_image("a", 1, (48, 64))[::2, ::2]))
    words = ["fuse", str(tmp_path / "vi"), str(tmp_path / "ir"), "--fuser", "average"]
    assert diffif_main([*words, "--out", str(tmp_path / "out")]) == 1
    options = re.findall(r"--resize (infrared|visible|\d+x\d+)", capsys.readouterr().err)
    assert options[:3] == ["infrared", "visible", "32x24"]
    for number, option in enumerate(options[:3]):
        assert diffif_main([*words, "--out", str(tmp_path / f"out{number}"), "--resize", option]) == 0
