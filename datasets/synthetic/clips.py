"""Short clips of the laboratory: a street of which people, riders and cars move, seen by two cameras that pan slowly.

root/clip-000/{visible,infrared}/0000.png, a layout that the dataset `folder` reads. Light, gain and what each modality
shows stay as they are through a clip; noise is drawn anew for every frame, and the infrared sensor's column pattern
stays on the sensor while the scene moves.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from pathlib import Path

import cv2
import numpy as np
from numpy.typing import NDArray

from datasets.images import write_image
from datasets.synthetic.render import render_scene
from datasets.synthetic.scene import Scene, Thing, compose
from datasets.synthetic.settings import SMALLEST_SIDE, SensorSettings, SyntheticSettings
from suite.errors import SettingsError
from suite.files import PARTIAL_MARK, make_dir, publish_dir
from suite.settings import fingerprint, to_mapping

CLIPS_VERSION = 1
"""Raised whenever the same settings would draw other pixels."""
MOVING = {"person": (0.6, 1.5), "rider": (2.0, 4.0), "bicycle": (2.0, 4.0), "car": (2.0, 5.0), "dog": (0.8, 2.0)}
"""Slowest and fastest speed in metres a second."""
LUMA_BEHIND = 0.35
"""What clothes and paint are chosen against: they must not change colour as what is behind them changes."""
FRAMES_PER_SECOND = 10.0
FIXED_PATTERN, READ_NOISE = 1.2, 2.5
"""Standard deviations in grey levels of the infrared column pattern and of either camera's noise; night doubles the
visible one."""


@dataclass(frozen=True, kw_only=True)
class ClipSettings:
    """What is drawn."""

    num_clips: int = 8
    """Clips, half of them by night."""
    num_frames: int = 12
    """Frames of a clip, ten a second."""
    height: int = 160
    """Rows of a frame."""
    width: int = 192
    """Columns of a frame."""
    pan: int = 1
    """Pixels by which the cameras turn from frame to frame; 0: they stand still."""
    seed: int = 0
    """Same seed, same clips."""

    def __post_init__(self) -> None:
        if self.num_clips < 1 or self.num_frames < 3:
            raise SettingsError(
                f"drawn clips need num_clips of at least 1 and num_frames of at least 3, got {self.num_clips} and "
                f"{self.num_frames}."
            )
        if min(self.height, self.width) < SMALLEST_SIDE or not 0 <= self.pan <= 8 or self.seed < 0:
            raise SettingsError(
                f"drawn clips need height and width of at least {SMALLEST_SIDE}, pan from 0 to 8 and a seed of at "
                f"least 0, got {self.height}x{self.width}, {self.pan} and {self.seed}."
            )


def clips_fingerprint(settings: ClipSettings) -> str:
    """Twelve hex digits that change with every pixel."""
    return fingerprint({"version": CLIPS_VERSION, "settings": to_mapping(settings)})


def draw_clips(settings: ClipSettings, out: Path) -> Path:
    """Draw all clips into `out`, complete or absent, or do nothing where they are there; returns `out`."""
    if out.is_dir():
        return out
    staging = out.with_name(f"{out.name}{PARTIAL_MARK}{clips_fingerprint(settings)}")
    for index in range(settings.num_clips):
        folder = make_dir(staging / f"clip-{index:03d}")
        for number, (visible, infrared) in enumerate(draw_clip(settings, index)):
            write_image(folder / "visible" / f"{number:04d}.png", visible)
            write_image(folder / "infrared" / f"{number:04d}.png", infrared)
    publish_dir(staging, out)
    return out


def draw_clip(settings: ClipSettings, index: int) -> list[tuple[NDArray[np.uint8], NDArray[np.uint8]]]:
    """The frames of one clip: visible (H, W, 3) and infrared (H, W); independent of how many clips there are."""
    sensor = SensorSettings(visible_noise=0.0, infrared_noise=0.0, fixed_pattern=0.0, jpeg_quality=(95, 95))
    wide = SyntheticSettings(
        height=settings.height,
        width=settings.width + settings.pan * (settings.num_frames - 1),
        seed=settings.seed,
        night_fraction=float(index % 2),
        sensor=sensor,
    )
    scene = compose(wide, "test", index)
    generator = np.random.default_rng([settings.seed, index])
    columns = FIXED_PATTERN * generator.standard_normal(settings.width)
    gain = 2.0 if scene.street.night else 1.0
    frames = []
    for number in range(settings.num_frames):
        pair = render_scene(wide, _moved(scene, number / FRAMES_PER_SECOND))
        window = slice(settings.pan * number, settings.pan * number + settings.width)
        visible, infrared = pair.visible[:, window], pair.infrared[:, window]
        frames.append(
            (
                _noisy(visible, 0.0, gain * READ_NOISE, generator),
                _noisy(infrared, columns, READ_NOISE, generator),
            )
        )
    return frames


def _moved(scene: Scene, seconds: float) -> Scene:
    return replace(scene, things=tuple(_at(thing, seconds) for thing in scene.things))


def _at(thing: Thing, seconds: float) -> Thing:
    if thing.kind not in MOVING:
        return thing
    # A rider and the bicycle under it have one seed, hence one speed.
    generator = np.random.default_rng(thing.seed)
    low, high = MOVING[thing.kind]
    speed = float(generator.uniform(0, 1)) * (high - low) + low
    if thing.kind == "car" and not thing.across:
        # Along the street, away or towards the camera, and never nearer than where the drawing ends.
        return replace(thing, depth=max(thing.depth + (speed if thing.mirrored else -speed / 4) * seconds, 6.0),
                       behind=LUMA_BEHIND)  # fmt: skip
    return replace(thing, x=thing.x + (-speed if thing.mirrored else speed) * seconds, behind=LUMA_BEHIND)


def _noisy(
    image: NDArray[np.uint8], pattern: NDArray[np.float64] | float, sigma: float, generator: np.random.Generator
) -> NDArray[np.uint8]:
    noise = pattern + sigma * generator.standard_normal(image.shape)
    return np.ascontiguousarray(cv2.convertScaleAbs(np.clip(image + noise, 0, 255)))
