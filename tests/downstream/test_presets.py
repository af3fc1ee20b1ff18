"""Every shipped preset is read by its task, says where it comes from, and what its source leaves open."""

from __future__ import annotations

from pathlib import Path

import pytest

from datasets.registry import load_dataset
from downstream.detect.settings import DetectionSettings
from downstream.presets import load_preset, preset_names
from downstream.segment.settings import SegmentationSettings
from suite.errors import UnknownName
from suite.settings import from_mapping
from tests.datasets.miniatures import write_label, write_mfnet, write_pairs

SETTINGS = {"detect": DetectionSettings, "segment": SegmentationSettings}
EVERY = [(task, name) for task in SETTINGS for name in preset_names(task)]


def test_the_published_protocols_are_there() -> None:
    assert set(preset_names("detect")) == {"dcevo-m3fd", "diffif-llvip", "frozen-coco"}
    assert set(preset_names("segment")) == {"diffif-fmb", "sage-fmb", "textdifuse-mfnet"}


@pytest.mark.parametrize(("task", "name"), EVERY)
def test_a_preset_fits_the_settings_of_its_task_and_names_its_source(task: str, name: str) -> None:
    preset = load_preset(task, name)
    chosen = from_mapping(SETTINGS[task], preset.settings)
    assert all(getattr(chosen, key) == value for key, value in preset.settings.items())
    assert preset.source
    assert preset.not_stated
    assert name in preset.note


def test_an_unknown_preset_suggests_the_nearest() -> None:
    with pytest.raises(UnknownName, match="Did you mean 'frozen-coco'"):
        load_preset("detect", "frozen-cocoo")


def test_a_preset_sets_the_defaults_of_the_command_and_says_where_it_comes_from(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    from downstream.detect.__main__ import main

    monkeypatch.chdir(tmp_path)
    arguments = ["--preset", "frozen-coco", "--fuser", "average", "--workdir", str(tmp_path / "work")]
    # Without the pairs the dataset of the preset is asked for; without its weights they are.
    assert main(arguments) == 1
    shown = capsys.readouterr()
    assert "YOLOv12" in shown.out
    assert "--root DIR" in shown.err
    tiny = ["--synthetic", "num_train=1", "num_val=1", "num_test=1", "height=64", "width=64"]
    assert main([*arguments, *tiny]) == 1
    assert "no weights yolo12n.pt here" in capsys.readouterr().err


def test_a_mistyped_preset_is_refused(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    from downstream.segment.__main__ import main

    assert main(["--preset", "sage-fbm", "--workdir", str(tmp_path)]) == 1
    assert "Did you mean 'sage-fmb'" in capsys.readouterr().err


def own_pairs(root: Path, name: str, labelled: int) -> list[str]:
    """A folder of four pairs with boxes of one class for some of them; the options that name it."""
    ids = [str(number) for number in range(4)]
    write_pairs(root / "visible", root / "infrared", ids)
    for one in ids[:labelled]:
        write_label(root / "labels" / f"{one}.txt", "0 0.5 0.5 0.25 0.5\n")
    write_label(root / "classes.txt", f"{name}\n")
    return ["--dataset", "folder", "--root", str(root), "--fuser", "average", "--workdir", str(root.parent / "work")]


@pytest.mark.parametrize(
    ("name", "labelled", "said"),
    [
        ("lamp", 4, "the detector knows none of the classes lamp"),
        ("person", 3, "image without label"),
    ],
)
def test_frozen_weights_that_cannot_judge_are_named_before_any_work(
    tmp_path: Path, capsys: pytest.CaptureFixture[str], name: str, labelled: int, said: str
) -> None:
    from downstream.detect.__main__ import main

    words = own_pairs(tmp_path / "own", name, labelled)
    frozen = ["--protocol", "frozen", "--frozen-on", "model", "--model", "yolov8n-laboratory.pt"]
    assert main([*words, *frozen]) == 1
    assert said in capsys.readouterr().err
    assert not list((tmp_path / "work").glob("cells/*"))


def test_the_preset_of_mfnet_reads_its_nine_classes(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    from downstream.segment.__main__ import main

    write_mfnet(tmp_path / "mfnet")
    words = ["--preset", "textdifuse-mfnet", "--root", str(tmp_path / "mfnet"), "--fuser", "average", "--dry-run"]
    assert main([*words, "--encoder-weights", "none", "--workdir", str(tmp_path / "work")]) == 0
    shown = capsys.readouterr().out
    assert "Text-DiFuse" in shown
    assert "segment/mfnet/average" in shown
    assert load_dataset("mfnet", tmp_path / "mfnet", "test", "segment").classes[:3] == ("unlabelled", "car", "person")
    # As it stands it needs ImageNet weights, which are on no machine by themselves.
    assert main([*words, "--encoder-weights", str(tmp_path / "none.pth"), "--workdir", str(tmp_path / "work")]) == 1
    assert "none.pth" in capsys.readouterr().err
