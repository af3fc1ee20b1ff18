"""`python -m diffif fuse`: nothing is replaced, mixed or lost without a word, and one bad file stops no other."""

from __future__ import annotations

import re
import shlex
from collections.abc import Callable
from pathlib import Path

import cv2
import numpy as np
import pytest

from datasets.base import PairedDataset
from datasets.images import read_array, write_image
from diffif.__main__ import main
from diffif.fusers.fused_folder import RECORD

MakePairs = Callable[..., PairedDataset]


@pytest.fixture
def folders(make_pairs: MakePairs) -> tuple[Path, Path]:
    dataset = make_pairs(count=3, size=(40, 48))
    return dataset[0].visible.parent, dataset[0].infrared.parent


def fuse(*words: Path | str, fuser: str = "average") -> int:
    return main(["fuse", *map(str, words), "--fuser", fuser])


def contents(folder: Path) -> dict[str, bytes]:
    return {path.name: path.read_bytes() for path in sorted(folder.glob("*.png"))}


@pytest.mark.parametrize("way", ["visible", "infrared", "dots", "link", "inside", "file"])
def test_an_output_that_is_an_input_is_refused_through_every_way(
    folders: tuple[Path, Path], tmp_path: Path, capsys: pytest.CaptureFixture[str], way: str
) -> None:
    visible, infrared = folders
    (tmp_path / "link").symlink_to(visible)
    out = {
        "visible": visible, "infrared": infrared, "dots": visible.parent / "x" / ".." / visible.name,
        "link": tmp_path / "link", "inside": visible / "fused", "file": next(visible.iterdir()),
    }[way]  # fmt: skip
    (visible.parent / "x").mkdir(exist_ok=True)
    before = contents(visible), contents(infrared)
    sources = [out, infrared / out.name] if way == "file" else folders
    assert fuse(*sources, "--out", out, "--overwrite") == 1
    assert "fused images would replace or join their sources" in capsys.readouterr().err
    assert (contents(visible), contents(infrared)) == before


def test_other_work_into_the_same_folder_is_refused_and_says_what_differs(
    folders: tuple[Path, Path], tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    out = tmp_path / "out"
    assert fuse(*folders, "--out", out) == 0
    (out / "train000.png").unlink()
    before = contents(out)
    assert fuse(*folders, "--out", out, fuser="max") == 1
    assert "fuser was average, now max" in capsys.readouterr().err
    assert contents(out) == before
    assert fuse(*folders, "--out", out, "--overwrite", fuser="max") == 0
    assert len(contents(out)) == 3
    assert fuse(*folders, "--out", out, fuser="max") == 0


def test_another_seed_is_other_work(
    folders: tuple[Path, Path], tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    assert fuse(*folders, "--out", tmp_path / "out", "--seed", "1", fuser="noise") == 0
    assert fuse(*folders, "--out", tmp_path / "out", "--seed", "2", fuser="noise") == 1
    assert "settings: seed was 1, now 2" in capsys.readouterr().err


def test_changed_sources_of_the_same_names_are_refused(
    folders: tuple[Path, Path], tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    assert fuse(*folders, "--out", tmp_path / "out") == 0
    write_image(folders[1] / "train001.png", np.zeros((40, 48), dtype=np.uint8))
    assert fuse(*folders, "--out", tmp_path / "out") == 1
    said = capsys.readouterr().err
    assert "1 images of other sources" in said
    assert "train001" in said


def test_other_reading_of_the_same_files_is_refused(
    folders: tuple[Path, Path], tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    assert fuse(*folders, "--out", tmp_path / "out") == 0
    assert fuse(*folders, "--out", tmp_path / "out", "--infrared-range", "percentile") == 1
    assert "3 images of other sources" in capsys.readouterr().err


def test_images_of_unknown_origin_are_never_taken_for_ours(
    folders: tuple[Path, Path], tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    write_image(tmp_path / "out" / "train001.png", np.zeros((40, 48), dtype=np.uint8))
    assert fuse(*folders, "--out", tmp_path / "out") == 1
    assert "1 images of these names, not made by this command" in capsys.readouterr().err
    assert fuse(tmp_path / "out/train001.png", folders[1] / "train001.png", "--out", tmp_path / "x.png") == 0
    assert fuse(tmp_path / "out/train001.png", folders[1] / "train001.png", "--out", tmp_path / "x.png") == 1
    assert "--overwrite replaces it" in capsys.readouterr().err


def test_what_a_kill_left_is_resumed(folders: tuple[Path, Path], tmp_path: Path) -> None:
    assert fuse(*folders, "--out", tmp_path / "out") == 0
    whole = contents(tmp_path / "out")
    record = tmp_path / "out" / RECORD
    lines = record.read_text().splitlines(keepends=True)
    # The last image was written, its line was cut; the one before was never written.
    record.write_text("".join(lines[:2]) + lines[3][:9])
    (tmp_path / "out" / "train001.png").unlink()
    assert fuse(*folders, "--out", tmp_path / "out") == 0
    assert contents(tmp_path / "out") == whole


def test_a_record_that_is_none_is_not_trusted(
    folders: tuple[Path, Path], tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    for text in ("[1, 2]\n", '{"format": 1}\n', "\x00\n", '{"format": 1, "work": {}}\n["a"]\n'):
        (tmp_path / "out").mkdir(exist_ok=True)
        (tmp_path / "out" / RECORD).write_text(text)
        assert fuse(*folders, "--out", tmp_path / "out") == 1
        assert "cannot be read" in capsys.readouterr().err


def test_one_bad_file_stops_no_other_and_all_bad_ones_are_listed(
    folders: tuple[Path, Path], tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    visible, infrared = folders
    for name in ("cut", "small", "lonely"):
        write_image(visible / f"{name}.png", read_array(visible / "train000.png"))
    content = (infrared / "train000.png").read_bytes()
    (infrared / "cut.png").write_bytes(content[: len(content) // 2])
    write_image(infrared / "small.png", np.zeros((20, 24), dtype=np.uint8))
    assert fuse(visible, infrared, "--out", tmp_path / "out") == 1
    assert sorted(contents(tmp_path / "out")) == ["train000.png", "train001.png", "train002.png"]
    said = capsys.readouterr().err
    assert "3 could not be fused" in said
    for name in ("cut", "small", "lonely"):
        assert f"  {name}: " in said
    assert "--resize infrared" in said
    assert "--skip-invalid" not in said


@pytest.mark.parametrize(
    ("names", "known"), [(("{}_RGB", "{}_PreviewData"), True), (("x{}-A", "x{}-B"), False), (("a{}", "b"), False)]
)
def test_one_folder_given_twice_is_refused_and_the_printed_options_work(
    tmp_path: Path, capsys: pytest.CaptureFixture[str], names: tuple[str, str], known: bool
) -> None:
    for number in range(3):
        for pattern in names:
            pixels = np.full((16, 16), 10 * number, dtype=np.uint8)
            write_image(tmp_path / "one" / f"{pattern.format(number)}.png", pixels)
    assert fuse(tmp_path / "one", tmp_path / "one", "--out", tmp_path / "out") == 1
    said = capsys.readouterr().err
    assert "every image would be fused with itself" in said
    options = re.search(r"add (--visible '[^']+' --infrared '[^']+')", said)
    assert options is not None
    if names[1] != "b":
        assert fuse(tmp_path / "one", tmp_path / "one", "--out", tmp_path / "out", *shlex.split(options[1])) == 0
        assert len(contents(tmp_path / "out")) == 3
        assert ("or the other way round" in said) != known


def test_names_with_an_unknown_mark_are_not_paired_but_the_printed_options_do_it(
    folders: tuple[Path, Path], tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    for folder, mark in zip(folders, ("-left", "-right"), strict=True):
        for path in list(folder.iterdir()):
            path.rename(path.with_stem(path.stem + mark))
    assert fuse(*folders, "--out", tmp_path / "out") == 1
    options = re.search(r"add (--visible '[^']+' --infrared '[^']+')", capsys.readouterr().err)
    assert options is not None
    assert fuse(*folders, "--out", tmp_path / "out", *shlex.split(options[1])) == 0
    assert sorted(contents(tmp_path / "out")) == ["train000.png", "train001.png", "train002.png"]


def test_known_marks_are_taken_and_told(
    folders: tuple[Path, Path], tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    for folder, mark in zip(folders, ("_rgb", "_th"), strict=True):
        for path in list(folder.iterdir()):
            path.rename(path.with_stem(path.stem + mark))
    assert fuse(*folders, "--out", tmp_path / "out") == 0
    assert "paired by the marks in their names: --visible '*_rgb' --infrared '*_th'" in capsys.readouterr().out
    assert sorted(contents(tmp_path / "out")) == ["train000.png", "train001.png", "train002.png"]


def test_sequences_in_sub_folders_are_fused_too(folders: tuple[Path, Path], tmp_path: Path) -> None:
    for folder in folders:
        (folder / "seq").mkdir()
        (folder / "train000.png").rename(folder / "seq" / "train000.png")
    assert fuse(*folders, "--out", tmp_path / "out") == 0
    assert sorted(contents(tmp_path / "out")) == ["seq_train000.png", "train001.png", "train002.png"]


def test_four_channels_in_one_file_are_split_when_told_to(
    folders: tuple[Path, Path], tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    visible, infrared = folders
    for name in ("train000", "train001", "train002"):
        both = [cv2.imread(str(folder / f"{name}.png"), cv2.IMREAD_UNCHANGED) for folder in folders]
        (tmp_path / "rgbt").mkdir(exist_ok=True)
        cv2.imwrite(str(tmp_path / "rgbt" / f"{name}.png"), np.dstack(both))  # type: ignore[arg-type]
    assert fuse(tmp_path / "rgbt", tmp_path / "rgbt", "--out", tmp_path / "out") == 1
    assert "add --channels rgbt" in capsys.readouterr().err
    assert fuse(tmp_path / "rgbt", tmp_path / "rgbt", "--out", tmp_path / "out", "--channels", "rgbt") == 0
    assert fuse(visible, infrared, "--out", tmp_path / "two") == 0
    assert contents(tmp_path / "out") == contents(tmp_path / "two")


def test_odd_sources_are_warned_of_by_name(
    folders: tuple[Path, Path], tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    visible, infrared = folders
    write_image(infrared / "train000.png", read_array(visible / "train000.png"))
    grey = cv2.imread(str(infrared / "train001.png"), cv2.IMREAD_UNCHANGED)
    assert grey is not None
    cv2.imwrite(str(infrared / "train001.png"), cv2.applyColorMap(grey, cv2.COLORMAP_JET))
    assert fuse(visible, infrared, "--out", tmp_path / "out") == 0
    said = capsys.readouterr().err
    assert re.search(r"warning: identical modalities: 1\n.*train000\.png", said)
    assert re.search(r"warning: false colours: \d\n(.*\n)*.*train001\.png", said)


def test_another_resolution_is_fused_at_the_stated_size(
    folders: tuple[Path, Path], tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    for path in folders[1].iterdir():
        write_image(path, read_array(path)[::2, ::2].copy())
    assert fuse(*folders, "--out", tmp_path / "out", "--resize", "infrared") == 0
    assert read_array(tmp_path / "out" / "train000.png").shape == (20, 24, 3)
    assert "both images of 3 pairs at one size: infrared" in capsys.readouterr().out


def test_a_second_command_on_the_same_folder_is_refused_while_the_first_works(
    folders: tuple[Path, Path], tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    from filelock import FileLock

    from diffif.fusers.fuse_files import LOCK

    (tmp_path / "out").mkdir()
    with FileLock(tmp_path / "out" / LOCK):
        assert fuse(*folders, "--out", tmp_path / "out") == 1
    assert "another command is fusing into" in capsys.readouterr().err


def test_a_folder_that_vanishes_while_it_is_filled_is_said_and_not_begun_anew(
    folders: tuple[Path, Path], tmp_path: Path
) -> None:
    from collections.abc import Iterable, Iterator

    from datasets.base import Sample
    from datasets.reading import PLAIN
    from diffif.fusers.fuse_files import find_pairs, fuse_files
    from diffif.fusers.registry import build_fuser
    from suite.errors import WorkdirError

    out = tmp_path / "out"

    def move_away(samples: Iterable[Sample], total: int) -> Iterator[Sample]:
        for number, sample in enumerate(samples):
            if number == 1:
                out.rename(tmp_path / "elsewhere")
            yield sample

    with pytest.raises(WorkdirError, match="was moved or removed while fusing into it"):
        fuse_files(find_pairs(*folders, PLAIN), build_fuser("average"), out, progress=move_away)
    assert not out.exists()
    assert len(contents(tmp_path / "elsewhere")) == 1
