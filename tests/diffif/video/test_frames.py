from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

from datasets.images import write_image
from diffif.video.frames import check_together, open_frames, write_video
from suite.errors import DatasetError


def write_frames(folder: Path, count: int, size: tuple[int, int] = (48, 64)) -> list[Path]:
    """Frame k is grey of level 10 k."""
    files = [folder / f"f{k:02d}.png" for k in range(count)]
    for k, file in enumerate(files):
        write_image(file, np.full((*size, 3), 10 * k, dtype=np.uint8))
    return files


@pytest.fixture
def video(tmp_path: Path) -> Path:
    write_video(tmp_path / "v.mkv", write_frames(tmp_path / "frames", 5), fps=12.0)
    return tmp_path / "v.mkv"


def test_a_video_gives_back_the_frames_it_was_made_of(video: Path) -> None:
    frames = open_frames(video)
    assert (frames.size, frames.fps, frames.names[-1]) == ((48, 64), 12.0, "000004")
    assert [int(frame[0, 0, 0]) for frame in frames.read()] == [0, 10, 20, 30, 40]
    assert [int(frame[0, 0, 0]) for frame in frames.read(first=3)] == [30, 40]


def test_a_folder_is_read_in_the_order_of_its_names(tmp_path: Path) -> None:
    write_frames(tmp_path / "frames", 3)
    frames = open_frames(tmp_path / "frames")
    assert frames.names == ("f00", "f01", "f02")
    assert [int(frame[0, 0, 0]) for frame in frames.read(first=1)] == [10, 20]


def test_a_video_without_frames_is_refused(tmp_path: Path) -> None:
    (tmp_path / "v.mp4").write_bytes(b"no video")
    with pytest.raises(DatasetError, match="holds no frame"):
        open_frames(tmp_path / "v.mp4")
    with pytest.raises(DatasetError, match="no video or folder"):
        open_frames(tmp_path / "absent.mp4")
    (tmp_path / "empty").mkdir()
    with pytest.raises(DatasetError, match="no frames in"):
        open_frames(tmp_path / "empty")


def test_frames_of_two_sizes_are_refused(tmp_path: Path) -> None:
    write_frames(tmp_path / "frames", 2)
    write_image(tmp_path / "frames" / "g.png", np.zeros((50, 64), dtype=np.uint8))
    with pytest.raises(DatasetError, match=r"two sizes, f00.png is 48x64 \(HxW\), g.png 50x64"):
        open_frames(tmp_path / "frames")


def test_sources_that_do_not_belong_together_are_refused(tmp_path: Path, video: Path) -> None:
    write_frames(tmp_path / "short", 4)
    with pytest.raises(DatasetError, match=r"exist in one modality only, such as f04, which .*short lacks"):
        check_together(open_frames(tmp_path / "frames"), open_frames(tmp_path / "short"))
    with pytest.raises(DatasetError, match="has 5 frames"):
        check_together(open_frames(video), open_frames(tmp_path / "short"))
    write_frames(tmp_path / "wide", 5, size=(48, 66))
    with pytest.raises(DatasetError, match="must be registered"):
        check_together(open_frames(tmp_path / "frames"), open_frames(tmp_path / "wide"))


def test_a_video_of_an_unknown_format_is_not_begun(tmp_path: Path) -> None:
    with pytest.raises(DatasetError, match=r"written as \.mp4"):
        write_video(tmp_path / "v.webm", write_frames(tmp_path / "frames", 1), fps=25.0)
