"""Where clips come from before they are pairs: drawn ones, and video files that are decoded into frames once."""

from __future__ import annotations

import hashlib
from pathlib import Path

from diffif.video.frames import VIDEO_SUFFIXES, Frames, check_together, is_video, open_frames
from suite.errors import DatasetError
from suite.files import PARTIAL_MARK, publish_dir

DRAWN = "drawn-clips"
"""What results call the laboratory's clips."""
WORDS = ("visible", "infrared")


def find_videos(root: Path) -> dict[str, tuple[Path, Path]]:
    """Clip name -> its visible and infrared video file, for clips that are files and not folders of frames.

    Raises:
        DatasetError: a clip has a video of one modality only, or two of one.
    """
    found: dict[str, tuple[Path, Path]] = {}
    for folder in sorted(path for path in root.iterdir() if path.is_dir()) if root.is_dir() else ():
        files = {word: [p for p in sorted(folder.iterdir()) if is_video(p) and p.stem == word] for word in WORDS}
        if not any(files.values()):
            continue
        wrong = [word for word in WORDS if len(files[word]) != 1]
        if wrong:
            raise DatasetError(
                f"{folder}: {len(files[wrong[0]])} videos of the {wrong[0]} camera. A clip holds one visible and one "
                f"infrared video ({', '.join(VIDEO_SUFFIXES)}), or two folders of frames of these names."
            )
        found[folder.name] = files[WORDS[0]][0], files[WORDS[1]][0]
    return found


def decode_videos(clips: dict[str, tuple[Path, Path]], workdir: Path) -> Path:
    """Frames of all clips as PNG files in the layout of frame folders, decoded once per content; returns their root.

    Args:
        clips: From `find_videos`.
        workdir: The working folder.

    Raises:
        DatasetError: a video cannot be decoded, or the two of a clip do not belong together.
    """
    opened = {name: (open_frames(visible), open_frames(infrared)) for name, (visible, infrared) in clips.items()}
    for both in opened.values():
        check_together(*both)
    root = workdir / "data" / f"frames-{_digest(clips)}"
    if not root.is_dir():
        staging = root.with_name(f"{root.name}{PARTIAL_MARK}decode")
        for name, both in opened.items():
            print(f"decode {name}: {len(both[0].names)} frames", flush=True)
            for word, frames in zip(WORDS, both, strict=True):
                _write_frames(frames, staging / name / word)
        publish_dir(staging, root)
    return root


def _write_frames(frames: Frames, folder: Path) -> None:
    from datasets.images import write_image

    for name, pixels in zip(frames.names, frames.read(), strict=True):
        write_image(folder / f"{name}.png", pixels)


def _digest(clips: dict[str, tuple[Path, Path]]) -> str:
    digest = hashlib.sha256()
    for name, files in clips.items():
        digest.update(name.encode())
        for path in files:
            with path.open("rb") as opened:
                digest.update(hashlib.file_digest(opened, "sha256").digest())
    return digest.hexdigest()[:12]
