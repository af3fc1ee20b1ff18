"""The street itself: sky, buildings, road, pavement, and what stands along it. None of it carries a box."""

from __future__ import annotations

import cv2
import numpy as np

from datasets.synthetic.camera import Camera
from datasets.synthetic.canvas import Canvas, Colour, Floats, Part, Stamp, polygon
from datasets.synthetic.houses import Street, draw_houses
from datasets.synthetic.settings import MASK_IDS

FARTHEST, NEAR_GROUND = 150.0, 1.0
"""Metres between which the ground is drawn; the street meets the skyline at the far end."""
SKY_WARMTH = -14.0
GRAIN: dict[str, tuple[float, float, float]] = {
    "road": (0.10, 0.05, 0.06),
    "sidewalk": (0.09, 0.05, 0.05),
    "building": (0.06, 0.03, 0.05),
    "sky": (0.0, 0.01, 0.06),
}
"""Relative strength of fine, middle and coarse texture by class."""


def draw_street(canvas: Canvas, camera: Camera, street: Street, rng: np.random.Generator) -> None:
    """Sky, skyline, both rows of houses, ground, and surface texture, painted onto an empty canvas."""
    _sky(canvas, camera, street, rng)
    _ground(canvas, camera, street, rng)
    draw_houses(canvas, camera, street, rng)
    _texture(canvas, rng)


def _sky(canvas: Canvas, camera: Camera, street: Street, rng: np.random.Generator) -> None:
    rows = np.linspace(0.0, 1.0, canvas.reflectance.shape[0], dtype=np.float32)[:, None]
    bottom = max(camera.horizon / canvas.height, 0.05)
    blend = np.clip(rows / bottom, 0, 1)
    if street.night:
        zenith, low = (0.05, 0.06, 0.12), (0.20, 0.15, 0.16)
    elif rng.random() < 0.5:
        zenith, low = (0.36, 0.55, 0.85), (0.78, 0.85, 0.93)
    else:
        zenith, low = (0.62, 0.66, 0.72), (0.82, 0.84, 0.86)
    upper, lower = np.array(zenith, np.float32), np.array(low, np.float32)
    canvas.reflectance[:] = upper + (lower - upper) * blend[..., None]
    canvas.warmth[:] = SKY_WARMTH + 6.0 * blend
    canvas.labels[:] = MASK_IDS["sky"]
    stamp = Stamp(label=MASK_IDS["building"])
    x, grey = -10.0, rng.uniform(0.35, 0.6)
    while x < canvas.width + 10:
        wide, high = canvas.width * rng.uniform(0.04, 0.15), canvas.height * rng.uniform(0.02, 0.14)
        shade = grey * rng.uniform(0.8, 1.15)
        block = polygon(
            (x, camera.horizon + 2), (x + wide, camera.horizon + 2), (x + wide, camera.horizon - high),
            (x, camera.horizon - high),
        )  # fmt: skip
        canvas.paint([Part((block,), (shade * 0.95, shade, shade * 1.04), -1.5)], stamp)
        x += wide


def _ground(canvas: Canvas, camera: Camera, street: Street, rng: np.random.Generator) -> None:
    h, f = street.half_road, street.facade
    grey = rng.uniform(0.26, 0.40)
    road: Colour = (grey, grey, grey * 1.03)
    light = grey + rng.uniform(0.12, 0.22)
    slab: Colour = (light, light * 0.97, light * 0.92)
    wide = f + 60.0
    z0, z1 = NEAR_GROUND, FARTHEST

    def flat(x0: float, x1: float, a: float, b: float, up: float = 0.0) -> tuple[np.ndarray, ...]:
        return (camera.quad((x0, up, a), (x1, up, a), (x1, up, b), (x0, up, b)),)

    walk, drive = Stamp(label=MASK_IDS["sidewalk"]), Stamp(label=MASK_IDS["road"])
    canvas.paint([Part(flat(-wide, wide, z0, z1), slab, street.road_warmth * 0.8)], walk)
    canvas.paint([Part(flat(-h, h, z0, z1), road, street.road_warmth)], drive)
    for side in (-1.0, 1.0):
        kerb = flat(side * h, side * (h + 0.25), z0, z1)
        canvas.paint([Part(kerb, (light * 1.15,) * 3, street.road_warmth * 0.6)], walk)
        canvas.paint([Part(flat(side * (h - 0.3), side * h, z0, z1), (grey * 0.75,) * 3, street.road_warmth)], drive)
    for z in np.geomspace(3.0, 60.0, 26):
        canvas.paint([Part(flat(h + 0.25, f, z, z * 1.006), (light * 0.85,) * 3, street.road_warmth * 0.8)], walk)
        canvas.paint([Part(flat(-f, -h - 0.25, z, z * 1.006), (light * 0.85,) * 3, street.road_warmth * 0.8)], walk)
    paint: Colour = (0.82, 0.82, 0.78)
    for z in np.arange(rng.uniform(2, 5), 90.0, 6.0):
        canvas.paint([Part(flat(-0.07, 0.07, z, z + 3.0), paint, street.road_warmth - 0.4)], drive)
    if rng.random() < 0.4:
        z = rng.uniform(7.0, 14.0)
        for x in np.arange(-h + 0.4, h - 0.4, 1.0):
            canvas.paint([Part(flat(x, x + 0.5, z, z + 3.0), paint, street.road_warmth - 0.4)], drive)
    for _ in range(rng.integers(1, 5)):
        x, z = rng.uniform(-h, h), rng.uniform(3.0, 25.0)
        patch = flat(x - rng.uniform(0.3, 1.2), x + rng.uniform(0.3, 1.2), z, z * rng.uniform(1.05, 1.3))
        canvas.paint([Part(patch, (grey * rng.uniform(0.75, 1.2),) * 3, street.road_warmth)], drive)


def _texture(canvas: Canvas, rng: np.random.Generator) -> None:
    """Grain of asphalt, slabs, walls and clouds, in reflectance and (weakly) in temperature."""
    shape = canvas.warmth.shape
    fine, middle, coarse = (noise_field(rng, shape, cell) for cell in (1, 5, 40))
    grain = np.ones(shape, np.float32)
    for scale, field in enumerate((fine, middle, coarse)):
        strength = np.zeros(256, np.float32)
        for name, values in GRAIN.items():
            strength[MASK_IDS[name]] = values[scale]
        grain += cv2.LUT(canvas.labels, strength) * field
    np.clip(grain, 0.3, 1.7, out=grain)
    canvas.reflectance *= grain[..., None]
    np.minimum(canvas.reflectance, 1.0, out=canvas.reflectance)
    canvas.warmth += 0.25 * middle + 0.55 * coarse


def leaf_texture(rng: np.random.Generator, shape: tuple[int, ...]) -> Floats:
    """Factors that turn flat clumps into leaves; apply them as foliage is painted, before what stands nearer.

    Applied at the end, the smooth silhouette of a camouflaged object would show against the leaves behind it.
    """
    grain = 0.65 * noise_field(rng, shape, 3) + 0.35 * noise_field(rng, shape, 1)
    return np.asarray(np.clip(1.0 + 0.30 * grain, 0.35, 1.8), np.float32)


def noise_field(rng: np.random.Generator, shape: tuple[int, ...], cell: int) -> Floats:
    """Smooth noise of mean 0 and standard deviation about 1 whose grains are `cell` pixels wide."""
    small = rng.standard_normal((shape[0] // cell + 2, shape[1] // cell + 2), np.float32)
    if cell == 1:
        return small[: shape[0], : shape[1]]
    resized = cv2.resize(small, (shape[1], shape[0]), interpolation=cv2.INTER_CUBIC)
    deviation = float(cv2.meanStdDev(resized)[1][0, 0])
    return np.asarray(resized * (1.0 / max(deviation, 1e-6)), np.float32)
