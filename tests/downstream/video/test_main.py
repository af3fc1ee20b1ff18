"""The video command on drawn clips, folders of frames and video files."""

from __future__ import annotations

import math
from pathlib import Path

import numpy as np
import pytest

from datasets.images import read_array, write_image
from datasets.registry import load_dataset
from diffif.video.frames import write_video
from downstream.video.__main__ import main
from downstream.video.clips import find_clips
from downstream.video.sources import decode_videos, find_videos
from suite.records import Record, read_per_image, read_record, record_dirs

DRAWN = ["--synthetic", "num_clips=3", "num_frames=4", "height=64", "width=80"]
QUICK = ["--metrics", "ssim", "--device", "cpu", "--no-report"]


def records_of(work: Path) -> dict[tuple[str, str], Record]:
    records = map(read_record, record_dirs(work))
    return {(record.rows[0].fuser, record.rows[0].condition): record for record in records}


def values(record: Record) -> dict[str, float]:
    return {row.metric: row.value for row in record.rows}


def write_clip(root: Path, name: str, frames: int, *, size: tuple[int, int] = (64, 80), speed: int = 1) -> None:
    """Frames of a texture that moves, 1.png to N.png."""
    large = np.random.default_rng(len(name)).integers(0, 256, (size[0], size[1] + speed * frames, 3), dtype=np.uint8)
    for k in range(frames):
        seen = np.ascontiguousarray(large[:, speed * k : speed * k + size[1]])
        write_image(root / name / "visible" / f"{k + 1}.png", seen)
        write_image(root / name / "infrared" / f"{k + 1}.png", np.ascontiguousarray(255 - seen[..., 0]))


def test_drawn_clips_are_scored_clip_by_clip_with_intervals_over_clips(
    tmp_path: Path, worker_path: None, capsys: pytest.CaptureFixture[str]
) -> None:
    assert main(["--fuser", "average", "noise", *DRAWN, *QUICK, "--workdir", str(tmp_path)]) == 0
    record = records_of(tmp_path)["average", ""]
    rows = {row.metric: row for row in record.rows}
    assert set(rows) == {"ssim", "biswe", "ms2r", "fps", "ms", "parameters"}
    assert (rows["biswe"].label, rows["biswe"].unit, rows["biswe"].n) == ("BiSWE (DIS)", "grey levels", 3)
    assert rows["biswe"].ci_low < rows["biswe"].value < rows["biswe"].ci_high
    assert rows["fps"].value == pytest.approx(1000 / rows["ms"].value)
    assert {row.dataset for row in record.rows} == {"drawn-clips"}
    assert record.path is not None
    table = read_per_image(record.path)
    biswe = table[table["metric"] == "biswe"]
    assert sorted(biswe["id"]) == ["clip-000", "clip-001", "clip-002"]
    assert biswe["value"].mean() == pytest.approx(rows["biswe"].value)
    assert values(records_of(tmp_path)["noise", ""])["biswe"] > 2 * rows["biswe"].value
    assert "BiSWE (DIS)" in capsys.readouterr().out
    assert any("(clips: 3, frames: 12)" in note for note in record.notes)


def test_frames_are_taken_in_the_order_of_their_numbers_and_a_corrupted_clip_is_shifted_to_one_side_throughout(
    tmp_path: Path, worker_path: None
) -> None:
    write_clip(tmp_path / "root", "alley", 11)
    command = ["--fuser", "infrared", "--root", str(tmp_path / "root"), *QUICK, "--workdir", str(tmp_path / "work")]
    assert main([*command, "--corrupt", "shift:3"]) == 0
    found = records_of(tmp_path / "work")
    clean, shifted = values(found["infrared", ""]), values(found["infrared", "infrared.shift:3px"])
    # In the order 1, 10, 11, 2 the texture would jump by nine pixels.
    assert clean["ms2r"] < 0.2
    # A camera that is out of place does not jump about: only the mirrored border moves otherwise.
    assert shifted["ms2r"] < clean["ms2r"] + 0.5
    assert "Compared with the clean sources." in found["infrared", "infrared.shift:3px"].notes


def test_video_files_are_decoded_once_into_the_frames_that_they_hold(tmp_path: Path) -> None:
    write_clip(tmp_path / "frames", "alley", 4)
    for word in ("visible", "infrared"):
        files = sorted((tmp_path / "frames" / "alley" / word).glob("*.png"))
        (tmp_path / "videos" / "alley").mkdir(parents=True, exist_ok=True)
        write_video(tmp_path / "videos" / "alley" / f"{word}.mkv", files, fps=10)
    videos = find_videos(tmp_path / "videos")
    root = decode_videos(videos, tmp_path / "work")
    assert decode_videos(videos, tmp_path / "work") == root
    clips = find_clips(load_dataset("folder", root, "test", "quality"))
    assert [sample.visible.name for sample in clips["alley"]] == [f"{k:06d}.png" for k in range(4)]
    for sample, number in zip(clips["alley"], range(1, 5), strict=True):
        assert np.array_equal(read_array(sample.visible), read_array(tmp_path / f"frames/alley/visible/{number}.png"))


def test_metrics_of_a_clip_without_a_value_are_nan_and_named(tmp_path: Path) -> None:
    from downstream.video.task import _mean

    assert math.isnan(_mean([math.nan, math.nan]))
    assert _mean([1.0, math.nan, 3.0]) == 2.0


@pytest.mark.parametrize(
    ("spoil", "said"),
    [
        (lambda root: write_clip(root, "short", 2), "1 of 2 clips have fewer than 3 frames"),
        (lambda root: write_clip(root, "single", 1), "single: 1"),
        (lambda root: (root / "alley" / "infrared" / "2.png").unlink(), "2"),
        (
            lambda root: [
                write_image(root / "alley" / word / "9.png", np.zeros((64, 90, 3), dtype=np.uint8))
                for word in ("visible", "infrared")
            ],
            "alley: 1.png 64x80, 9.png 64x90 (HxW)",
        ),
    ],
)
def test_clips_that_cannot_be_judged_are_named_before_work(
    spoil, said: str, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    write_clip(tmp_path / "root", "alley", 4)
    spoil(tmp_path / "root")
    command = ["--fuser", "average", "--root", str(tmp_path / "root"), *QUICK, "--workdir", str(tmp_path / "work")]
    assert main(command) == 1
    assert said in capsys.readouterr().err
    assert not list(tmp_path.glob("work/cells/*"))


def test_pairs_that_are_no_clips_are_refused(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    write_clip(tmp_path, "root", 4)
    command = ["--fuser", "average", "--root", str(tmp_path / "root"), *QUICK, "--workdir", str(tmp_path / "work")]
    assert main(command) == 1
    assert "4 of 4 pairs belong to no clip" in capsys.readouterr().err


def test_a_clip_with_a_video_of_one_camera_is_refused(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    write_clip(tmp_path / "frames", "alley", 3)
    (tmp_path / "root" / "alley").mkdir(parents=True)
    files = sorted((tmp_path / "frames" / "alley" / "visible").glob("*.png"))
    write_video(tmp_path / "root" / "alley" / "visible.mkv", files, fps=10)
    assert main(["--fuser", "average", "--root", str(tmp_path / "root"), "--workdir", str(tmp_path / "w")]) == 1
    assert "0 videos of the infrared camera" in capsys.readouterr().err


def test_single_images_of_the_laboratory_are_no_clips(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    from downstream.compare.__main__ import main as compare

    command = ["--fusers", "average", "--tasks", "video", "--workdir", str(tmp_path), "--device", "cpu"]
    assert compare(command) == 1
    assert "video needs clips" in capsys.readouterr().err


def test_a_dry_run_leaves_nothing_behind(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["--fuser", "average", *DRAWN, "--dry-run", "--workdir", str(tmp_path / "work")]) == 0
    assert "video/drawn-clips/average " in capsys.readouterr().out
    assert not (tmp_path / "work").exists()
