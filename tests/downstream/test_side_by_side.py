"""Records of another protocol that cannot stand beside new ones are named before any work."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from downstream.methods import Method
from downstream.pairs import real_pairs
from downstream.side_by_side import say_what_cannot_stand_beside
from suite.records import Record, cell_id, write_record
from suite.rows import Row
from suite.statistics.intervals import describe_draws
from tests.datasets.miniatures import write_label, write_pairs

METHOD = Method(spec="average", fingerprint="aaaa")


@pytest.fixture
def root(tmp_path: Path) -> Path:
    root = tmp_path / "own"
    for split in ("train", "test"):
        write_pairs(root / split / "visible", root / split / "infrared", [f"{split}{i}" for i in range(7)])
        for i in range(7):
            write_label(root / split / "labels" / f"{split}{i}.txt", "0 0.5 0.5 0.25 0.5\n")
    write_label(root / "classes.txt", "person\n")
    return root


def write_frozen(root: Path, workdir: Path, *, mark: str = "aaaa") -> None:
    test = real_pairs("folder", root, "detect", ("test",)).load("test", "detect", workdir)
    settings = {"method": {"fingerprint": mark}, "seed": None}
    row = Row(
        dataset="folder", split="test", task="detect", fuser="average", protocol="frozen-model", metric="map50",
        label="mAP50", unit="fraction", value=0.5, ci_low=0.4, ci_high=0.6, n=7, higher_is_better=True,
    )  # fmt: skip
    record = Record(
        cell_id=cell_id("detect", settings), task="detect", settings=settings, rows=(row,), command="", started=""
    )
    artefacts = workdir / "artefacts"
    artefacts.mkdir(parents=True)
    draws = describe_draws(test.fingerprint, len(test), 10)
    (artefacts / "bootstrap.json").write_text(json.dumps({"draws": draws, "num_images": 7, "replicates": {}}))
    write_record(workdir, record, per_image=None, artefacts=artefacts)


def said(root: Path, workdir: Path) -> list[str]:
    pairs = real_pairs("folder", root, "detect", ("train", "val", "test"))
    return say_what_cannot_stand_beside(workdir, "detect", "retrain", pairs, [METHOD])


def test_records_of_the_same_images_and_fusers_pass_in_silence(root: Path, tmp_path: Path) -> None:
    assert said(root, tmp_path / "none") == []
    write_frozen(root, tmp_path / "work")
    assert said(root, tmp_path / "work") == []


def test_other_test_images_or_labels_are_named_with_their_fusers(
    root: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    write_frozen(root, tmp_path / "work")
    write_label(root / "test" / "labels" / "test0.txt", "0 0.5 0.5 0.5 0.5\n")
    (line,) = said(root, tmp_path / "work")
    assert "detect on folder: the test images or labels are others than those of frozen-model" in line
    assert "(average)" in line
    assert line in capsys.readouterr().out


def test_a_fuser_with_other_weights_is_named(root: Path, tmp_path: Path) -> None:
    write_frozen(root, tmp_path / "work", mark="bbbb")
    (line,) = said(root, tmp_path / "work")
    assert "the fuser has other weights or settings than under frozen-model" in line


def test_the_same_protocol_is_no_other(root: Path, tmp_path: Path) -> None:
    write_frozen(root, tmp_path / "work", mark="bbbb")
    pairs = real_pairs("folder", root, "detect", ("test",))
    assert say_what_cannot_stand_beside(tmp_path / "work", "detect", "frozen-model", pairs, [METHOD]) == []
