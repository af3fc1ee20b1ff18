"""Where frames come from: a video file or a folder of images in the order of their names; and where they go.

Frames are uint8 RGB, (H, W, 3), or (H, W) where a file holds grey. Nothing here knows about fusion.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from suite.errors import DatasetError

VIDEO_SUFFIXES = (".mp4", ".avi", ".mkv", ".mov", ".m4v", ".webm")
DEFAULT_FPS = 25.0
"""Of frames that come from a folder."""
CODECS = {".mp4": "mp4v", ".m4v": "mp4v", ".mov": "mp4v", ".avi": "MJPG", ".mkv": "FFV1"}
"""By the ending of the video that is written; .mkv is lossless."""

Frame = NDArray[np.uint8]


@dataclass(frozen=True, kw_only=True)
class Frames:
    """One modality's frames, looked at but not yet read.

    Attributes:
        path: The video file, or the folder.
        names: Of each frame, without ending; the frame's number where they come from a video.
        size: (H, W) of every frame.
        fps: Frames per second; `DEFAULT_FPS` for a folder.
        files: The image files, for a folder; empty for a video.
    """

    path: Path
    names: tuple[str, ...]
    size: tuple[int, int]
    fps: float
    files: tuple[Path, ...] = ()

    def read(self, first: int = 0) -> Iterator[Frame]:
        """The frames from number `first` on.

        Raises:
            DatasetError: a video ends before its last frame.
            ImageError: an image cannot be read.
        """
        if self.files:
            from datasets.images import read_array

            for file in self.files[first:]:
                yield read_array(file)
            return
        yield from _decode(self.path, first, len(self.names))


def is_video(path: Path) -> bool:
    """Whether a path names a video file, by its ending."""
    return path.suffix.lower() in VIDEO_SUFFIXES


def open_frames(path: Path) -> Frames:
    """Look at a video or a folder of frames.

    Raises:
        DatasetError: there is nothing there, no frame in it, or frames of two sizes.
    """
    if path.is_dir():
        return _open_folder(path)
    if not path.is_file():
        raise DatasetError(f"no video or folder of frames at {path}.")
    return _open_video(path)


def check_together(visible: Frames, infrared: Frames) -> None:
    """Refuse frames that do not belong together; registered means that pixel for pixel and frame for frame.

    Raises:
        DatasetError: another number of frames, other names, or another size.
    """
    if visible.files and infrared.files:
        lonely = sorted(set(visible.names) ^ set(infrared.names))
        if lonely:
            where = infrared.path if lonely[0] in visible.names else visible.path
            raise DatasetError(
                f"{len(lonely)} frames exist in one modality only, such as {lonely[0]}, which {where} lacks. "
                "Both folders must hold the same names."
            )
    if len(visible.names) != len(infrared.names):
        raise DatasetError(
            f"{visible.path} has {len(visible.names)} frames, {infrared.path} {len(infrared.names)}. Cut both to the "
            "same frames first."
        )
    if visible.size != infrared.size:
        raise DatasetError(
            f"{visible.path} is {visible.size[0]}x{visible.size[1]} (HxW), {infrared.path} {infrared.size[0]}x"
            f"{infrared.size[1]}. The frames must be registered and of one size."
        )


def write_video(path: Path, files: list[Path], *, fps: float) -> None:
    """Encode image files as a video, complete or not at all.

    Args:
        path: Its ending decides the codec, see `CODECS`.
        files: The frames in order, all of one size.
        fps: Frames per second.

    Raises:
        DatasetError: no codec for this ending, or none in this build of OpenCV.
    """
    import cv2

    from datasets.images import read_array
    from suite.files import write_file

    codec = CODECS.get(path.suffix.lower())
    if codec is None:
        raise DatasetError(f"{path}: videos are written as {', '.join(CODECS)}.")
    height, width = read_array(files[0]).shape[:2]
    with write_file(path) as temporary:
        writer = cv2.VideoWriter(str(temporary), cv2.VideoWriter.fourcc(*codec), fps, (width, height))
        if not writer.isOpened():
            raise DatasetError(
                f"{path}: this build of OpenCV cannot write {codec}. Give --out a folder for the frames."
            )
        for file in files:
            pixels = read_array(file)
            writer.write(cv2.cvtColor(pixels, cv2.COLOR_GRAY2BGR if pixels.ndim == 2 else cv2.COLOR_RGB2BGR))
        writer.release()


def _open_folder(path: Path) -> Frames:
    from datasets.images import IMAGE_SUFFIXES, read_size

    files = sorted(file for file in path.iterdir() if file.suffix.lower() in IMAGE_SUFFIXES)
    if not files:
        raise DatasetError(f"no frames in {path}. Expected images: {', '.join(IMAGE_SUFFIXES)}.")
    size = read_size(files[0])
    for file in files[1:]:
        if (other := read_size(file)) != size:
            raise DatasetError(
                f"{path}: frames of two sizes, {files[0].name} is {size[0]}x{size[1]} (HxW), {file.name} "
                f"{other[0]}x{other[1]}."
            )
    return Frames(path=path, names=tuple(f.stem for f in files), size=size, fps=DEFAULT_FPS, files=tuple(files))


def _open_video(path: Path) -> Frames:
    import cv2

    video = cv2.VideoCapture(str(path))
    ok, frame = video.read() if video.isOpened() else (False, None)
    if not ok or frame is None:
        raise DatasetError(f"{path} holds no frame that can be decoded.")
    # The header's count is an estimate in some formats: what can be grabbed counts.
    count = 1
    while video.grab():
        count += 1
    fps = float(video.get(cv2.CAP_PROP_FPS)) or DEFAULT_FPS
    video.release()
    height, width = frame.shape[:2]
    return Frames(path=path, names=tuple(f"{k:06d}" for k in range(count)), size=(height, width), fps=fps)


def _decode(path: Path, first: int, count: int) -> Iterator[Frame]:
    import cv2

    video = cv2.VideoCapture(str(path))
    try:
        # Grabbed one by one: seeking is not exact to the frame in every format.
        for _ in range(first):
            video.grab()
        for number in range(first, count):
            ok, frame = video.read()
            if not ok:
                raise DatasetError(f"{path} ends at frame {number}, {count} were counted. Is it still being written?")
            yield np.asarray(cv2.cvtColor(frame, cv2.COLOR_BGR2RGB), dtype=np.uint8)
    finally:
        video.release()
