"""Fused videos: fuse clips, score their frames and their consistency over time, record, compare.

python -m downstream.video --fuser average laplacian diffif                     drawn clips
python -m downstream.video --fuser diffif --root DIR                            DIR/CLIP/{visible,infrared}/0001.png ...
"""

from __future__ import annotations

import sys
import tempfile
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Annotated

from downstream.command import TaskCommand, compute, exit_status, parse_command
from downstream.options import DataOptions
from downstream.video.settings import VideoSettings
from suite.command import run_command
from suite.options import Argument

DESCRIPTION = """Do fused videos stay consistent over time, and how good are their frames?

Fuses every frame, scores frames by image metrics of the convention vf-bench and clips by BiSWE (flicker) and MS2R
(motion against that of the sources), and prints means over clips with frames per second. Clips are folders
ROOT/CLIP/visible and ROOT/CLIP/infrared of frames, or ROOT/CLIP/visible.mp4 and infrared.mp4. Without --root short
clips of the laboratory are drawn (--synthetic num_clips=8 num_frames=12 height=160 width=192 pan=1 seed=0)."""


@dataclass(frozen=True, kw_only=True)
class VideoCommand(TaskCommand):
    """Quality and consistency of fused videos."""

    settings: Annotated[VideoSettings, Argument(group=True)] = field(default_factory=VideoSettings)


def main(argv: Sequence[str] | None = None) -> int:
    """Run the command; see --help."""
    words = sys.argv[1:] if argv is None else list(argv)
    return run_command(lambda: run(words), debug="--debug" in words)


def run(words: Sequence[str]) -> int:
    """Parse, find or draw the clips, compute; returns the exit status."""
    # Clips are the dataset folder unless another one is named.
    given = [word.partition("=")[0] for word in words]
    named = [] if "--dataset" in given or "--root" not in given else ["--dataset", "folder"]
    command = parse_command("video", VideoCommand, [*words, *named], description=DESCRIPTION)
    with clips_of(command) as data:
        return exit_status(compute("video", replace(command, data=data), [*words, *named]), command.execution)


@contextmanager
def clips_of(command: VideoCommand) -> Iterator[DataOptions]:
    """The pairs of a command: drawn or decoded into its working folder where they are no frames yet.

    A dry run leaves nothing behind: what it has to draw or decode lies in a temporary folder.
    """
    from downstream.preflight import check_workdir
    from downstream.video.sources import decode_videos, find_videos

    data = command.data
    videos = find_videos(data.root) if data.root is not None else {}
    if data.dataset and not videos:
        yield data
        return
    with tempfile.TemporaryDirectory() as temporary:
        dry = command.execution.dry_run
        workdir = Path(temporary) if dry else check_workdir(command.execution.workdir)
        if videos:
            yield replace(data, root=decode_videos(videos, workdir))
        else:
            yield _drawn(command, workdir)


def _drawn(command: VideoCommand, workdir: Path) -> DataOptions:
    from datasets.reading import PairOptions
    from datasets.synthetic.clips import ClipSettings, clips_fingerprint, draw_clips
    from downstream.video.sources import DRAWN
    from suite.settings import from_mapping

    settings = from_mapping(ClipSettings, command.data.synthetic, where="synthetic.")
    print(
        f"No --root given: {settings.num_clips} clips of {settings.num_frames} drawn frames, in which it is known what "
        "each camera shows. Real clips: --root DIR.",
        flush=True,
    )
    root = draw_clips(settings, workdir / "data" / f"clips-{clips_fingerprint(settings)}")
    return DataOptions(dataset="folder", root=root, pairs=PairOptions(called=DRAWN))


if __name__ == "__main__":
    sys.exit(main())
