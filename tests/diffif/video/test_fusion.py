from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
import torch
from torch import Tensor

from datasets.images import read_image, write_image
from diffif.__main__ import main
from diffif.fusers.base import Fuser
from diffif.fusers.registry import build_fuser
from diffif.video.frames import open_frames, write_video
from diffif.video.fusion import fuse_frames, plan
from suite.errors import DatasetError


@pytest.fixture
def sources(tmp_path: Path) -> tuple[Path, Path]:
    """Six frames of a moving edge, as two lossless videos."""
    videos = []
    for number, name in enumerate(("visible", "infrared")):
        files = []
        for k in range(6):
            pixels = np.full((32, 48, 3), 40 + 60 * number, dtype=np.uint8)
            pixels[:, 4 * k : 4 * k + 8] = 200 - 80 * number
            files.append(tmp_path / name / f"{k}.png")
            write_image(files[-1], pixels)
        write_video(tmp_path / f"{name}.mkv", files, fps=10.0)
        videos.append(tmp_path / f"{name}.mkv")
    return videos[0], videos[1]


class DiesAtFrame(Fuser):
    """The maximum, until its process is killed."""

    name = label = "dies"
    kind = "control"

    def __init__(self, last: int) -> None:
        super().__init__()
        self.left = last

    def _fuse_luma(self, y: Tensor, infrared: Tensor) -> Tensor:
        if self.left == 0:
            raise KeyboardInterrupt
        self.left -= 1
        return torch.maximum(y, infrared)


def test_a_video_comes_out_as_a_video_of_the_same_frames_and_rate(sources: tuple[Path, Path], tmp_path: Path) -> None:
    assert main(["fuse", *map(str, sources), "--out", str(tmp_path / "fused.mkv"), "--fuser", "max"]) == 0
    fused = open_frames(tmp_path / "fused.mkv")
    assert (len(fused.names), fused.fps, fused.size) == (6, 10.0, (32, 48))
    expected = build_fuser("max")
    for number, frame in enumerate(fused.read()):
        pair = [
            read_image(tmp_path / which / f"{number}.png", mode)
            for which, mode in (("visible", "rgb"), ("infrared", "grey"))
        ]  # type: ignore[arg-type]
        assert np.abs(frame.astype(float) - 255 * expected.fuse(*pair)[0].permute(1, 2, 0).numpy()).max() <= 2
    assert not list(tmp_path.glob("*.frames-*"))


def test_a_killed_video_goes_on_after_its_last_frame(sources: tuple[Path, Path], tmp_path: Path) -> None:
    job = plan(*sources, tmp_path / "fused.mkv")
    with pytest.raises(KeyboardInterrupt):
        fuse_frames(job, DiesAtFrame(4))
    assert not job.out.exists()
    seen: list[tuple[int, int]] = []
    assert fuse_frames(job, DiesAtFrame(2), on_frame=lambda done, total: seen.append((done, total))) == 2
    assert seen == [(5, 6), (6, 6)]
    assert len(open_frames(job.out).names) == 6
    assert fuse_frames(job, DiesAtFrame(0)) == 0


def test_a_folder_of_frames_may_come_out_of_a_video_and_go_into_one(sources: tuple[Path, Path], tmp_path: Path) -> None:
    assert fuse_frames(plan(*sources, tmp_path / "out"), build_fuser("max")) == 6
    assert sorted(p.name for p in (tmp_path / "out").iterdir())[-1] == "000005.png"
    mixed = plan(tmp_path / "visible", sources[1], tmp_path / "mixed.avi")
    assert fuse_frames(mixed, build_fuser("max")) == 6
    assert open_frames(tmp_path / "mixed.avi").fps == 25.0


def test_what_cannot_be_fused_is_refused_before_any_work(sources: tuple[Path, Path], tmp_path: Path) -> None:
    with pytest.raises(DatasetError, match="written as"):
        plan(*sources, tmp_path / "fused.webm")
    with pytest.raises(DatasetError, match="no video or folder"):
        plan(sources[0], tmp_path / "absent.mkv", tmp_path / "fused.mkv")


def test_a_video_of_another_fuser_or_other_sources_is_not_taken_for_this_one(
    sources: tuple[Path, Path], tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    words = ["fuse", *map(str, sources), "--out", str(tmp_path / "fused.mkv"), "--fuser"]
    assert main([*words, "max"]) == 0
    assert main([*words, "max"]) == 0
    assert main([*words, "average"]) == 1
    assert "fuser was max, now average" in capsys.readouterr().err
    swapped = ["fuse", str(sources[1]), str(sources[0]), *words[3:]]
    assert main([*swapped, "max"]) == 1
    assert "visible was" in capsys.readouterr().err
    assert main([*words, "average", "--overwrite"]) == 0


def test_a_video_never_replaces_its_source(sources: tuple[Path, Path], capsys: pytest.CaptureFixture[str]) -> None:
    before = sources[0].read_bytes()
    assert main(["fuse", *map(str, sources), "--out", str(sources[0]), "--fuser", "max", "--overwrite"]) == 1
    assert "would replace or join their sources" in capsys.readouterr().err
    assert sources[0].read_bytes() == before
