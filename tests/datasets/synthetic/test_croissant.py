"""A drawn dataset in Croissant: every file is named, numbers are those of the labels, mlcroissant reads it."""

from __future__ import annotations

import csv
import hashlib
import json
import subprocess
import sys
from pathlib import Path

import pytest

from datasets.__main__ import main
from datasets.registry import load_dataset
from datasets.synthetic.croissant import IMAGES, write_croissant
from datasets.synthetic.settings import SyntheticSettings
from datasets.synthetic.writer import generate
from suite.errors import DatasetError

READ_ALL = """
import sys
import mlcroissant
dataset = mlcroissant.Dataset(jsonld=sys.argv[1])
assert not dataset.metadata.issues.errors, dataset.metadata.issues.report()
assert not dataset.metadata.issues.warnings, dataset.metadata.issues.report()
for record_set in dataset.metadata.record_sets:
    print(record_set.id, len(list(dataset.records(record_set=record_set.id))))
"""


@pytest.fixture
def root(tmp_path: Path) -> Path:
    settings = SyntheticSettings(num_train=2, num_val=1, num_test=1, height=64, width=96)
    return generate(settings, tmp_path / "laboratory", progress=False)


def rows(path: Path) -> list[dict[str, str]]:
    with path.open(newline="", encoding="utf-8") as file:
        return list(csv.DictReader(file))


def test_every_pair_is_a_line_with_its_split_its_files_and_its_number_of_objects(root: Path) -> None:
    write_croissant(root)
    pairs = {row["pair"]: row for row in rows(root / "pairs.csv")}
    for split, number in (("train", 2), ("val", 1), ("test", 1)):
        samples = load_dataset("synthetic", root, split, "detect").samples
        assert len(samples) == number
        for sample in samples:
            row = pairs[sample.visible.name]
            assert row["split"] == split
            assert root / row["visible"] == sample.visible
            assert root / row["infrared"] == sample.infrared
            assert int(row["num_objects"]) == len(sample.target)
            assert (root / row["label"]).is_file()
            assert (root / row["evidence"]).is_file()


def test_every_object_is_a_line_with_the_evidence_of_its_label(root: Path) -> None:
    write_croissant(root)
    (sample,) = load_dataset("synthetic", root, "test", "detect").samples
    found = [row for row in rows(root / "objects.csv") if row["pair"] == sample.visible.name]
    assert [row["evidence"] for row in found] == list(sample.target.evidence)


def test_sums_of_the_tables_are_theirs_and_the_images_are_found_by_pattern(root: Path) -> None:
    found = json.loads(write_croissant(root).read_text(encoding="utf-8"))
    files = {entry["@id"]: entry for entry in found["distribution"]}
    for name in ("pairs.csv", "objects.csv"):
        assert files[name]["sha256"] == hashlib.sha256((root / name).read_bytes()).hexdigest()
    for folder in IMAGES:
        assert len(list(root.glob(files[f"{folder}-files"]["includes"]))) == 4


def test_the_same_folder_gives_the_same_bytes_and_stays_the_same_dataset(root: Path) -> None:
    before = load_dataset("synthetic", root, "test", "detect").fingerprint
    first = write_croissant(root).read_bytes()
    assert write_croissant(root).read_bytes() == first
    assert load_dataset("synthetic", root, "test", "detect").fingerprint == before


def test_a_missing_image_and_a_folder_that_was_not_drawn_are_named(root: Path, tmp_path: Path) -> None:
    (root / "infrared" / "test" / "200000.png").unlink()
    with pytest.raises(DatasetError, match=r"pair 200000 is not whole, there is no .*infrared/test/200000\.png"):
        write_croissant(root)
    with pytest.raises(DatasetError, match="not a synthetic dataset"):
        write_croissant(tmp_path)


def test_a_wrong_date_is_refused(root: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["croissant", str(root), "--published", "yesterday"]) == 1
    assert "--published must be a date" in capsys.readouterr().err


def test_mlcroissant_accepts_it_and_reads_every_record(root: Path, capsys: pytest.CaptureFixture[str]) -> None:
    pytest.importorskip("mlcroissant", reason="mlcroissant is not installed: pip install mlcroissant")
    assert main(["croissant", str(root), "--published", "2026-11-26", "--url", "https://example.org/laboratory"]) == 0
    path = capsys.readouterr().out.strip()
    # In a process of its own: importing it changes warnings and logging.
    done = subprocess.run(
        [sys.executable, "-W", "ignore", "-c", READ_ALL, path], capture_output=True, text=True, check=False, timeout=300
    )
    assert done.returncode == 0, done.stderr
    numbers = dict(line.split() for line in done.stdout.splitlines())
    assert numbers.pop("objects") == str(len(rows(root / "objects.csv")))
    assert numbers == {"pairs": "4", **{f"{folder.lower()}_images": "4" for folder in IMAGES}}
