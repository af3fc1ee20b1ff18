"""Fusing two videos or folders of frames, frame by frame, in a way that survives being killed.

Each fused frame is an image file of its own, so a second run resumes after the last one. Where the result is to be a
video, the frames lie in a folder beside it, named after the fuser's fingerprint, until all are there; then they are
encoded and the folder is removed.
"""

from __future__ import annotations

import shutil
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

from diffif.video.frames import CODECS, Frames, check_together, is_video, open_frames, write_video
from diffif.video.work_record import claim_result
from suite.errors import DatasetError
from suite.files import make_dir

if TYPE_CHECKING:
    from diffif.fusers.base import Fuser

OnFrame = Callable[[int, int], None]


@dataclass(frozen=True)
class Job:
    """Two sources that belong together and where their fusion goes; see `plan`."""

    visible: Frames
    infrared: Frames
    out: Path

    @property
    def makes_video(self) -> bool:
        """Whether the result is one file."""
        return is_video(self.out)

    def frames_dir(self, fuser: Fuser) -> Path:
        """Where fused frames lie during the work, and afterwards unless a video is made of them."""
        return self.out.with_name(f"{self.out.name}.frames-{fuser.fingerprint}") if self.makes_video else self.out

    def files(self, fuser: Fuser) -> list[Path]:
        """The fused frames' files in order."""
        return [self.frames_dir(fuser) / f"{name}.png" for name in self.visible.names]


def plan(visible: Path, infrared: Path, out: Path) -> Job:
    """Look at both sources and the target before any work.

    Args:
        visible: A video file, or a folder of frames.
        infrared: Likewise; the same number of frames of the same size.
        out: A video file, or a folder for the frames.

    Raises:
        DatasetError: no frames, frames of two sizes, other frames in one modality, or a video that cannot be written.
    """
    if is_video(out) and out.suffix.lower() not in CODECS:
        raise DatasetError(f"{out}: videos are written as {', '.join(CODECS)}.")
    sources = open_frames(visible), open_frames(infrared)
    check_together(*sources)
    return Job(*sources, out)


def fuse_frames(job: Job, fuser: Fuser, *, overwrite: bool = False, on_frame: OnFrame | None = None) -> int:
    """Fuse what is not there yet.

    Args:
        job: From `plan`.
        fuser: Any; one that draws noise draws the same for every frame, so that nothing flickers.
        overwrite: Fuse again what is there.
        on_frame: Called after each frame with the number of finished frames and of all.

    Returns:
        Frames fused now.

    Raises:
        WorkdirError: what is there was made by another fuser or of other sources.
    """
    from datasets.images import to_tensor, write_image

    files = job.files(fuser)
    begun = (job.makes_video and job.out.is_file()) or any(file.is_file() for file in files)
    claim_result(job.out, fuser, (job.visible.path, job.infrared.path), begun=begun, overwrite=overwrite)
    if job.makes_video and job.out.is_file() and not overwrite:
        return 0
    make_dir(job.frames_dir(fuser))
    done = 0 if overwrite else next((k for k, file in enumerate(files) if not file.is_file()), len(files))
    pairs = zip(job.visible.read(done), job.infrared.read(done), strict=True)
    for number, (visible, infrared) in enumerate(pairs, start=done):
        fused = fuser.fuse(to_tensor(visible, "rgb"), to_tensor(infrared, "grey"), ids=[job.visible.names[number]])
        write_image(files[number], fused)
        if on_frame is not None:
            on_frame(number + 1, len(files))
    if job.makes_video:
        write_video(job.out, files, fps=job.visible.fps)
        shutil.rmtree(job.frames_dir(fuser))
    return len(files) - done
