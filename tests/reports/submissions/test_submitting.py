"""Submitting and verifying by the real commands, up to metrics recomputed by the suite in processes of their own."""

from __future__ import annotations

import csv
import subprocess
import sys
from dataclasses import replace
from pathlib import Path

import pytest

from reports.__main__ import main
from reports.submissions.digests import pixel_digest
from reports.submissions.manifest import without_folders
from reports.submissions.reading import read_submission
from reports.submissions.recomputation import ImageSource, why_not
from reports.submissions.writing import write_submission
from suite.errors import ResultError, UnknownName
from suite.records import read_per_image
from tests.reports.submissions.conftest import ABOUT, Maker, record_of


def test_submit_and_verify_answer_on_the_command_line(
    maker: Maker, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    maker.everything("average")
    out = tmp_path / "mine"
    assert main(["submit", str(maker.workdir), "--fuser", "average", "--out", str(out), "--year", "1990"]) == 0
    assert "4 records, digests of 12 images" in capsys.readouterr().out
    assert main(["verify", str(out)]) == 0
    said = capsys.readouterr().out
    assert "left out   1 record of quality: no fused images: --images DIR" in said
    assert "left out   2 records of detect: no fused images" in said
    assert said.endswith("verified   average\n")
    assert main(["submit", str(maker.workdir), "--fuser", "average", "--out", str(out)]) == 1
    assert "exists. Delete it" in capsys.readouterr().err


def test_the_text_of_single_images_has_every_digit(submission: Path, maker: Maker) -> None:
    folder = record_of(submission, "quality").parent
    assert read_per_image(folder).equals(read_per_image(maker.workdir / "cells" / folder.name))


def test_an_unknown_fuser_gets_a_suggestion(maker: Maker, tmp_path: Path) -> None:
    maker.everything("average")
    with pytest.raises(UnknownName, match=r"unknown fuser in .*'averag'. Did you mean 'average'"):
        write_submission(maker.workdir, replace(ABOUT, fuser="averag"), tmp_path / "out")
    assert not (tmp_path / "out").exists()


def test_images_that_are_gone_name_the_command_that_makes_them(maker: Maker, tmp_path: Path) -> None:
    maker.quality("average", 0.0)
    with pytest.raises(
        ResultError, match=r"no fused images of average on synthetic/test .* python -m downstream.quality"
    ):
        write_submission(maker.workdir, ABOUT, tmp_path / "out")


def test_a_folder_of_this_machine_does_not_leave_it(maker: Maker, tmp_path: Path) -> None:
    spec = "folder:/home/me/out"
    maker.cost(spec, 3.0)
    made = write_submission(maker.workdir, replace(ABOUT, fuser=spec, method="Mine"), tmp_path / "out")
    assert made.manifest.fuser == "Mine"
    assert not [path for path in made.folder.rglob("*.*") if "/home/me" in path.read_text()]
    assert without_folders("python -m x --root /data/llvip") == "python -m x --root llvip"


def test_digests_are_of_pixels_not_of_files(tmp_path: Path) -> None:
    from PIL import Image

    image = Image.new("L", (7, 5), 90)
    image.save(tmp_path / "a.png", compress_level=0)
    image.convert("RGB").save(tmp_path / "b.png", compress_level=9)
    image.resize((5, 7)).save(tmp_path / "c.png")
    assert pixel_digest(tmp_path / "a.png") == pixel_digest(tmp_path / "b.png")
    assert pixel_digest(tmp_path / "a.png") != pixel_digest(tmp_path / "c.png")


def test_nothing_from_outside_the_suite_is_run_to_recompute(submission: Path) -> None:
    records = {record.task: record for record in read_submission(submission).records}
    source, quality = ImageSource(fuser="folder:x"), records["quality"]

    def with_settings(**changes: object) -> str:
        return why_not(replace(quality, settings={**quality.settings, "metrics": [], **changes}), source, train=True)

    assert with_settings() == ""
    assert "code is not run" in with_settings(metrics=["mine:METRIC"])
    assert "code is not run" in with_settings(pairs={"name": "package.module:Layout"})
    assert "--root llvip=DIR" in with_settings(pairs={"name": "llvip"})
    assert "code is not run" in why_not(replace(quality, task="package.module:Task"), source, train=True)
    assert "--train" in why_not(records["detect"], source, train=False)


@pytest.mark.slow
def test_values_of_single_images_are_recomputed_from_the_images(tmp_path: Path) -> None:
    work = tmp_path / "work"
    command = [
        sys.executable, "-m", "downstream.quality", "--fuser", "average", "--metrics", "en", "vif", "--synthetic",
        "num_train=1", "num_val=1", "num_test=6", "height=64", "width=64", "--workdir", str(work), "--no-report",
    ]  # fmt: skip
    subprocess.run(command, check=True, capture_output=True)
    folder = write_submission(work, ABOUT, tmp_path / "average", with_images=True).folder
    verify = [sys.executable, "-m", "reports", "verify", str(folder)]
    done = subprocess.run(verify, check=False, capture_output=True, text=True)
    assert (done.returncode, done.stderr) == (0, "")
    assert "again      2 numbers recomputed from images" in done.stdout
    assert "images     6 of 6" in done.stdout
    forge_one_image(folder)
    assert read_submission(folder).num_derived == 2, "mean and interval fit the forged value"
    done = subprocess.run(verify, check=False, capture_output=True, text=True)
    assert done.returncode == 1
    assert "per_image.csv: vif of image" in done.stderr
    assert "(recomputed), found 0.99" in done.stderr


def forge_one_image(folder: Path) -> None:
    """Raise the VIF of one image, and fit mean and interval to it."""
    import numpy as np

    from suite.statistics.intervals import mean_interval
    from tests.reports.submissions.conftest import change_json

    path = record_of(folder, "quality").parent / "per_image.csv"
    lines = list(csv.reader(path.read_text().splitlines()))
    first = next(line for line in lines if line[1] == "vif")
    first[2] = "0.99"
    with path.open("w", newline="") as opened:
        csv.writer(opened, lineterminator="\n").writerows(lines)
    values = np.array([float(line[2]) for line in lines if line[1] == "vif"])
    low, high = mean_interval(values)

    def change(content: dict) -> None:
        row = next(row for row in content["rows"] if row["metric"] == "vif")
        row.update(value=float(values.mean()), ci_low=low, ci_high=high)

    change_json(path.parent / "result.json", change)
