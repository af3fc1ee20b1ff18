"""The clips of a dataset: which frames belong together, in which order, and whether anything can be said of them."""

from __future__ import annotations

import re
from collections.abc import Sequence
from itertools import pairwise

from datasets.base import PairedDataset, Sample
from datasets.images import pair_size
from diffif.metrics.temporal.consistency import FEWEST_FRAMES
from suite.errors import DatasetError, list_offenders

EXPECTED = (
    "  CLIP/visible/0001.png ... and CLIP/infrared/0001.png ..., frames of equal names in both, or\n"
    "  CLIP/visible.mp4 and CLIP/infrared.mp4 (python -m downstream.video)"
)
Clips = dict[str, list[Sample]]


def find_clips(dataset: PairedDataset, max_frames: int | None = None) -> Clips:
    """The frames of every clip in order; numbers in names count as numbers.

    Raises:
        DatasetError: no clips, one with fewer than three frames, or one with frames of two sizes; lists them.
    """
    clips: Clips = {}
    for sample in dataset:
        clips.setdefault(sample.group, []).append(sample)
    lonely = [sample.id for sample in clips.pop("", [])]
    if lonely:
        raise DatasetError(
            f"{dataset.place}: {len(lonely)} of {len(dataset)} pairs belong to no clip, such as {lonely[0]}. "
            f"A folder of clips holds\n{EXPECTED}"
        )
    ordered = {name: sorted(frames, key=_frame_key)[:max_frames] for name, frames in sorted(clips.items())}
    short = [f"{name}: {len(frames)}" for name, frames in ordered.items() if len(frames) < FEWEST_FRAMES]
    if short:
        raise DatasetError(
            f"{dataset.place}: {len(short)} of {len(ordered)} clips have fewer than {FEWEST_FRAMES} frames, of which "
            f"no consistency can be told. Remove them.\n{list_offenders(short)}"
        )
    mixed = [problem for name, frames in ordered.items() if (problem := _sizes(name, frames))]
    if mixed:
        raise DatasetError(f"{dataset.place}: {len(mixed)} clips have frames of two sizes.\n{list_offenders(mixed)}")
    return ordered


def find_jumps(clips: Clips) -> list[str]:
    """Clips in whose frame numbers something is missing, with the first place; names without numbers tell nothing."""
    found = []
    for name, frames in clips.items():
        numbers = [int(match[1]) for one in frames if (match := re.search(r"(\d+)$", one.visible.stem))]
        if len(numbers) < len(frames):
            continue
        step = min(second - first for first, second in pairwise(numbers))
        jump = next((first for first, second in pairwise(numbers) if second - first != step), None)
        if jump is not None:
            found.append(f"{name} after frame {jump}")
    return found


def _frame_key(sample: Sample) -> list[tuple[int, str]]:
    # frame9 comes before frame10.
    parts = re.split(r"(\d+)", sample.id)
    return [(int(part), "") if part.isdigit() else (-1, part) for part in parts]


def _sizes(name: str, frames: Sequence[Sample]) -> str:
    sizes: dict[tuple[int, int], str] = {}
    for frame in frames:
        sizes.setdefault(pair_size(frame), frame.visible.name)
    told = ", ".join(f"{file} {height}x{width}" for (height, width), file in list(sizes.items())[:2])
    return f"{name}: {told} (HxW)" if len(sizes) > 1 else ""
