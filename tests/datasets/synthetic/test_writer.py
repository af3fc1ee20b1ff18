"""The folder is complete or absent, the same after an interruption, and never overwritten with other settings."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import pytest

from datasets.synthetic import writer
from datasets.synthetic.settings import SyntheticSettings
from datasets.synthetic.writer import generate, read_manifest, synthetic_fingerprint
from suite.errors import DatasetError

SETTINGS = SyntheticSettings(height=64, width=80, num_train=3, num_val=1, num_test=2)


def _contents(root: Path) -> dict[str, bytes]:
    return {str(path.relative_to(root)): path.read_bytes() for path in sorted(root.rglob("*")) if path.is_file()}


def test_the_folder_holds_every_file_of_every_scene(tmp_path: Path) -> None:
    files = _contents(generate(SETTINGS, tmp_path / "set", progress=False))
    scenes = {"train": ["000000", "000001", "000002"], "val": ["100000"], "test": ["200000", "200001"]}
    expected = {"scenes.json"}
    for split, ids in scenes.items():
        expected |= {f"{d}/{split}/{i}.png" for d in ("visible", "infrared", "Label", "Evidence") for i in ids}
        expected |= {f"Annotations/{i}.xml" for i in ids}
    assert set(files) == expected


def test_an_interrupted_run_goes_on_and_ends_the_same(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    whole = _contents(generate(SETTINGS, tmp_path / "whole", progress=False))
    drawn: list[int] = []
    original = writer.render

    def interrupted(settings: SyntheticSettings, split: str, index: int) -> object:
        if len(drawn) == 4:
            raise RuntimeError("cut off")
        drawn.append(index)
        return original(settings, split, index)

    monkeypatch.setattr(writer, "render", interrupted)
    with pytest.raises(RuntimeError, match="cut off"):
        generate(SETTINGS, tmp_path / "cut", progress=False)
    assert not (tmp_path / "cut").exists()
    drawn[:] = [0, 0]
    assert _contents(generate(SETTINGS, tmp_path / "cut", progress=False)) == whole
    assert len(drawn) == 4
    assert [path.name for path in tmp_path.iterdir() if "partial" in path.name] == []


def test_a_finished_folder_is_left_alone(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    generate(SETTINGS, tmp_path / "set", progress=False)
    monkeypatch.delattr(writer, "render")
    generate(SETTINGS, tmp_path / "set", progress=False)


def test_a_folder_of_other_settings_is_refused(tmp_path: Path) -> None:
    generate(SETTINGS, tmp_path / "set", progress=False)
    with pytest.raises(DatasetError, match="other settings"):
        generate(replace(SETTINGS, seed=1), tmp_path / "set", progress=False)


def test_a_folder_that_is_no_synthetic_dataset_is_refused(tmp_path: Path) -> None:
    (tmp_path / "mine").mkdir()
    with pytest.raises(DatasetError, match=r"scenes\.json"):
        generate(SETTINGS, tmp_path / "mine", progress=False)


def test_the_manifest_names_the_settings(tmp_path: Path) -> None:
    manifest = read_manifest(generate(SETTINGS, tmp_path / "set", progress=False))
    assert manifest["fingerprint"] == synthetic_fingerprint(SETTINGS)
    assert manifest["counts"] == {"train": 3, "val": 1, "test": 2}
