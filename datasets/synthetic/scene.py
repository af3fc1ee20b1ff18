"""What stands where in one scene, before anything is drawn: the camera, the street, and things with their evidence."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np

from datasets.synthetic.camera import Camera
from datasets.synthetic.houses import Street
from datasets.synthetic.settings import EVIDENCE, SyntheticSettings
from datasets.synthetic.vehicles import CAR_HEIGHT, CAR_LENGTH, CAR_WIDTH
from suite.errors import SettingsError

SPLIT_DIGITS = {"train": 0, "val": 1, "test": 2}
PERSON_METRES = 1.72
TRIES = 40
"""Places tried for one thing before the scene goes without it."""
SEEDS = 2**31
Rectangle = tuple[float, float, float, float]

EXTENTS: dict[str, tuple[float, float]] = {
    "person": (0.42, 1.9),
    "cyclist": (1.0, 1.9),
    "bicycle": (1.0, 1.15),
    "poster": (0.9, 3.0),
    "statue": (0.55, 2.9),
    "reflection": (0.7, -1.7),
    "cabinet": (0.4, 1.9),
    "plume": (0.45, 2.1),
    "manhole": (0.5, 0.3),
    "dog": (0.6, 0.8),
}
"""Half width and height of each kind in metres, generous; what hangs below its foot has a negative height."""


@dataclass(frozen=True, kw_only=True)
class Thing:
    """One thing on the street."""

    kind: str
    x: float
    """Metres right of the middle of the street."""
    depth: float
    """Metres from the camera."""
    seed: int
    """Draws its looks."""
    evidence: str = "none"
    """"both", "infrared" or "visible" for labelled objects, else "none"."""
    mirrored: bool = False
    across: bool = False
    """Cars: across the view, not along the street."""
    behind: float | None = None
    """Luma that clothes and paint stand out from; None: what is there behind it."""


@dataclass(frozen=True, kw_only=True)
class Light:
    """A pool of light on the image: centre, standard deviations (pixels) and linear power."""

    x: float
    y: float
    sx: float
    sy: float
    power: float


@dataclass(frozen=True, kw_only=True)
class Scene:
    """One scene; the same settings, split and index always give the same one."""

    id: str
    camera: Camera
    street: Street
    things: tuple[Thing, ...]
    lights: tuple[Light, ...]
    backdrop_seed: int
    sensor_seed: int


def scene_id(split: str, index: int) -> str:
    """Six digits, unique over the splits: train 0xxxxx, val 1xxxxx, test 2xxxxx."""
    return f"{SPLIT_DIGITS[split]}{index:05d}"


def compose(settings: SyntheticSettings, split: str, index: int) -> Scene:
    """Scene `index` of a split; independent of how many scenes there are.

    Raises:
        SettingsError: the split does not exist.
    """
    if split not in SPLIT_DIGITS:
        raise SettingsError(f"split must be one of {', '.join(SPLIT_DIGITS)}, got {split!r}")
    rng = np.random.default_rng([settings.seed, SPLIT_DIGITS[split], index])
    camera = _camera(settings, rng)
    night = bool(rng.random() < settings.night_fraction)
    street = _street(night, rng)
    layout = _Layout(settings, camera, street, rng)
    layout.place_content()
    layout.place_furniture()
    return Scene(
        id=scene_id(split, index),
        camera=camera,
        street=street,
        things=tuple(sorted(layout.things, key=lambda thing: -thing.depth)),
        lights=tuple(layout.lights),
        backdrop_seed=int(rng.integers(SEEDS)),
        sensor_seed=int(rng.integers(SEEDS)),
    )


def _camera(settings: SyntheticSettings, rng: np.random.Generator) -> Camera:
    return Camera(
        focal=settings.width * rng.uniform(0.8, 1.05),
        x0=settings.width * rng.uniform(0.25, 0.75),
        horizon=settings.height * rng.uniform(0.28, 0.38),
        altitude=rng.uniform(2.3, 2.9),
    )


def _street(night: bool, rng: np.random.Generator) -> Street:
    return Street(
        half_road=rng.uniform(3.0, 4.5),
        pavement=rng.uniform(2.0, 4.0),
        night=night,
        end=float(rng.uniform(26.0, 50.0)) if rng.random() < 0.5 else None,
        road_warmth=float(rng.uniform(0.5, 2.0) if night else rng.uniform(1.0, 3.0)),
        wall_warmth=float(rng.uniform(0.0, 1.5)),
    )


class _Layout:
    """Finds free places: labelled objects and distractors do not cover one another."""

    def __init__(self, settings: SyntheticSettings, camera: Camera, street: Street, rng: np.random.Generator) -> None:
        self.settings, self.camera, self.street, self.rng = settings, camera, street, rng
        self.things: list[Thing] = []
        self.lights: list[Light] = []
        self.taken: list[Rectangle] = []

    def place_content(self) -> None:
        """Labelled objects first, then what fools one modality."""
        content, rng = self.settings.content, self.rng
        for _ in range(_whole(rng, content.cars)):
            self._place_car()
        for _ in range(_whole(rng, content.cyclists)):
            self._place("cyclist", self._evidence(), road=True)
        for _ in range(_whole(rng, content.people)):
            self._place("person", self._evidence())
        for _ in range(rng.poisson(content.parked_bicycles)):
            self._place("bicycle", "visible" if rng.random() < self.settings.evidence.visible else "both")
        for kind in ("poster", "statue", "reflection", "cabinet", "plume", "manhole", "dog"):
            rate = getattr(content, {"dog": "animals"}.get(kind, f"{kind}s"))
            for _ in range(min(rng.poisson(rate), 3)):
                self._place(kind, "none", road=kind in ("reflection", "plume", "manhole"))
        if self.street.night:
            self._stray_lights()

    def place_furniture(self) -> None:
        """Lamps in a row, trees, bushes, signs and poles along the kerbs; they may hide a little of an object."""
        rng, street = self.rng, self.street
        for side in (-1.0, 1.0):
            start = rng.uniform(4.0, 14.0)
            for depth in np.arange(start, 60.0, 16.0):
                self._stand("lamp", side * (street.half_road + 0.5), float(depth), mirrored=side > 0)
            for kind, rate, offset in (("tree", 1.6, 1.3), ("bush", 0.8, 1.6), ("sign", 0.6, 0.6), ("pole", 0.8, 0.5)):
                for _ in range(rng.poisson(rate)):
                    x = side * (street.half_road + offset + rng.uniform(-0.2, 0.3))
                    self._stand(kind, x, rng.uniform(6.0, 34.0))
        if rng.random() < 0.35:
            side = float(rng.choice([-1.0, 1.0]))
            self._stand("traffic light", side * (street.half_road + 0.45), rng.uniform(7.0, 20.0))

    def _evidence(self) -> str:
        shares = self.settings.evidence
        return str(self.rng.choice(EVIDENCE, p=[shares.both, shares.infrared, shares.visible]))

    def _place(self, kind: str, evidence: str, *, road: bool = False) -> None:
        half, high = EXTENTS[kind]
        for _ in range(TRIES):
            depth = self._depth()
            scale = self.camera.scale_at(depth)
            limit = self.street.half_road - 0.6 if road else self.street.facade - half - 0.2
            left, right = self._columns(depth, limit, half * scale * 0.8)
            if right <= left:
                continue
            column = self.rng.uniform(left, right)
            foot = self.camera.horizon + scale * self.camera.altitude
            rows = sorted((foot, foot - high * scale))
            box = (column - half * scale, rows[0], column + half * scale, rows[1])
            if self._is_taken(box) or (kind == "reflection" and box[3] > self.settings.height * 1.05):
                continue
            self.taken.append(box)
            x = self.camera.across_at(column, depth)
            self.things += self._things(kind, x, depth, evidence)
            self._light_up(kind, evidence, box)
            return

    def _things(self, kind: str, x: float, depth: float, evidence: str) -> list[Thing]:
        mirrored, seed = bool(self.rng.random() < 0.5), int(self.rng.integers(SEEDS))

        def thing(name: str, nearer: float = 0.0) -> Thing:
            return Thing(kind=name, x=x, depth=depth - nearer, seed=seed, evidence=evidence, mirrored=mirrored)

        return [thing("bicycle"), thing("rider", 1e-3)] if kind == "cyclist" else [thing(kind)]

    def _place_car(self) -> None:
        rng, evidence = self.rng, self._evidence()
        for _ in range(TRIES):
            across = bool(rng.random() < 0.35)
            depth = float(np.exp(rng.uniform(np.log(8.0), np.log(24.0))))
            reach = self.street.half_road - CAR_WIDTH / 2 - 0.1
            x = (
                float(rng.uniform(-reach, reach))
                if across
                else float(rng.choice([-1.0, 1.0])) * rng.uniform(1.1, reach)
            )
            box = self._car_box(x, depth, across)
            inside = min(box[2], self.settings.width) - max(box[0], 0)
            if inside < 0.6 * (box[2] - box[0]) or self._is_taken(box):
                continue
            self.taken.append(box)
            seed, mirrored = int(rng.integers(SEEDS)), bool(rng.random() < 0.5)
            self.things.append(
                Thing(kind="car", x=x, depth=depth, seed=seed, evidence=evidence, mirrored=mirrored, across=across)
            )
            self._light_up("car", evidence, box)
            return

    def _car_box(self, x: float, depth: float, across: bool) -> Rectangle:
        wide, deep = (CAR_LENGTH, CAR_WIDTH) if across else (CAR_WIDTH, CAR_LENGTH)
        corners = np.array(
            [(x + s * wide / 2, up, depth + d) for s in (-1, 1) for up in (0.0, CAR_HEIGHT) for d in (0.0, deep)]
        )
        points = self.camera.project(corners)
        (left, top), (right, bottom) = points.min(axis=0), points.max(axis=0)
        return float(left), float(top), float(right), float(bottom)

    def _depth(self) -> float:
        low, high = (share * self.settings.height for share in self.settings.content.person_height)
        tallest = (self.settings.height * 1.03 - self.camera.horizon) / self.camera.altitude * PERSON_METRES
        high = max(min(high, tallest), 1.0)
        pixels = np.exp(self.rng.uniform(np.log(min(low, high)), np.log(high)))
        return float(self.camera.focal * PERSON_METRES / pixels)

    def _columns(self, depth: float, limit: float, margin: float) -> tuple[float, float]:
        """Columns between which a thing may stand: on the ground, in the picture."""
        edges = self.camera.project(np.array([(-limit, 0.0, depth), (limit, 0.0, depth)]))[:, 0]
        return max(float(edges[0]), margin), min(float(edges[1]), self.settings.width - margin)

    def _is_taken(self, box: Rectangle) -> bool:
        return any(_overlap(box, other) > 0.02 for other in self.taken)

    def _light_up(self, kind: str, evidence: str, box: Rectangle) -> None:
        # By night whatever must be seen in visible light needs some; what only infrared sees gets none.
        lit = evidence in ("both", "visible") or kind in ("poster", "statue", "reflection", "cabinet")
        if self.street.night and lit:
            self.lights.append(self._pool(box, self.rng.uniform(0.35, 0.9)))

    def _stray_lights(self) -> None:
        for _ in range(self.rng.integers(1, 4)):
            depth = self._depth()
            scale = self.camera.scale_at(depth)
            column = self.rng.uniform(0, self.settings.width)
            foot = self.camera.horizon + scale * self.camera.altitude
            box = (column - 0.5 * scale, foot - 1.8 * scale, column + 0.5 * scale, foot)
            self.lights.append(self._pool(box, self.rng.uniform(0.2, 0.7)))

    def _pool(self, box: Rectangle, power: float) -> Light:
        wide, high = box[2] - box[0], box[3] - box[1]
        reach = max(wide, high)
        shift = self.rng.uniform(-0.2, 0.2) * wide
        return Light(
            x=(box[0] + box[2]) / 2 + shift, y=(box[1] + box[3]) / 2 + 0.1 * high, sx=0.55 * reach, sy=0.5 * reach,
            power=float(power),
        )  # fmt: skip

    def _stand(self, kind: str, x: float, depth: float, *, mirrored: bool = False) -> None:
        scale = self.camera.scale_at(depth)
        foot = self.camera.project(np.array([(x, 0.0, depth)]))[0]
        half, high = {"tree": (0.25, 4.0), "bush": (1.2, 1.1)}.get(kind, (0.08, 4.0))
        box = (foot[0] - half * scale, foot[1] - high * scale, foot[0] + half * scale, foot[1])
        if all(_overlap(box, other, of_second=True) < 0.12 for other in self.taken):
            seed = int(self.rng.integers(SEEDS))
            self.things.append(Thing(kind=kind, x=float(x), depth=depth, seed=seed, mirrored=mirrored))


def _overlap(a: Rectangle, b: Rectangle, *, of_second: bool = False) -> float:
    """Shared area as a share of the smaller rectangle, or of the second."""
    shared = max(min(a[2], b[2]) - max(a[0], b[0]), 0.0) * max(min(a[3], b[3]) - max(a[1], b[1]), 0.0)
    area: Callable[[Rectangle], float] = lambda r: (r[2] - r[0]) * (r[3] - r[1])  # noqa: E731
    return float(shared / (area(b) if of_second else min(area(a), area(b))))


def _whole(rng: np.random.Generator, bounds: tuple[int, int]) -> int:
    return int(rng.integers(bounds[0], bounds[1] + 1))
