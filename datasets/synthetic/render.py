"""From a scene to a finished pair with its labels."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from functools import cached_property, partial

import cv2
import numpy as np
from numpy.typing import NDArray

from datasets.synthetic import distractors, furniture
from datasets.synthetic.camera import Camera
from datasets.synthetic.canvas import Canvas, Floats, Part, Sprite, Stamp, ellipse, extent
from datasets.synthetic.labels import LabelledObject, find_objects
from datasets.synthetic.people import dress, rider, walker
from datasets.synthetic.scene import Light, Scene, Thing, compose
from datasets.synthetic.sensor import expose_infrared, expose_visible
from datasets.synthetic.settings import MASK_IDS, SyntheticSettings
from datasets.synthetic.street import draw_street, leaf_texture
from datasets.synthetic.vehicles import PAINT, CarBody, bicycle, car

PERSON_EXCESS, CAR_EXCESS, RIDDEN_EXCESS, NOBODY_EXCESS = (10.0, 15.0), (8.0, 13.0), (4.0, 7.0), (8.0, 14.0)
"""Kelvin above ambient of warm people, running cars, ridden bicycles, and warm things that are nobody."""
RESIDUE = 0.02
"""Relative brightness by which a camouflaged object may still differ from what is behind it."""
RESIDUE_KELVIN = 0.15
"""Temperature by which an object at ambient temperature may still differ from what is behind it."""
LABELS = {"person": "person", "rider": "person", "car": "car", "bicycle": "bicycle"}


@dataclass(frozen=True, kw_only=True)
class RenderedPair:
    """A registered pair and everything known about it."""

    id: str
    visible: NDArray[np.uint8]
    """(H, W, 3) RGB."""
    infrared: NDArray[np.uint8]
    """(H, W)."""
    mask: NDArray[np.uint8]
    """(H, W) FMB class ids."""
    evidence: NDArray[np.uint8]
    """(H, W): 0 none, 1 both, 2 infrared, 3 visible."""
    objects: tuple[LabelledObject, ...]


def render(settings: SyntheticSettings, split: str, index: int) -> RenderedPair:
    """Scene `index` of a split as the two cameras see it, with its labels.

    Raises:
        SettingsError: the split does not exist.
    """
    return render_scene(settings, compose(settings, split, index))


def render_scene(settings: SyntheticSettings, scene: Scene) -> RenderedPair:
    """A composed scene, perhaps with things taken out or added, as the two cameras see it, with its labels."""
    canvas = Canvas(settings.height, settings.width)
    draw_street(canvas, scene.camera, scene.street, np.random.default_rng(scene.backdrop_seed))
    painter = _Painter(canvas, scene)
    for thing in scene.things:
        painter.paint(thing)
    mask, evidence, objects = find_objects(canvas, painter.labelled)
    rng = np.random.default_rng(scene.sensor_seed)
    light = _light_map(scene, settings.height, settings.width, rng)
    night = scene.street.night
    return RenderedPair(
        id=scene.id,
        visible=expose_visible(canvas.reflectance, canvas.glow, light, settings.sensor, night=night, rng=rng),
        infrared=expose_infrared(canvas.warmth, settings.sensor, rng=rng),
        mask=mask,
        evidence=evidence,
        objects=objects,
    )


class _Painter:
    """Paints things far to near and remembers which instance number is which object."""

    def __init__(self, canvas: Canvas, scene: Scene) -> None:
        self.canvas, self.camera, self.street = canvas, scene.camera, scene.street
        self.sun = 1.0 if scene.backdrop_seed % 2 else -1.0
        """Side that the light comes from: -1 left, 1 right."""
        self.leaf_seed = scene.backdrop_seed + 1
        self.labelled: dict[int, tuple[str, str, int]] = {}
        """Instance number -> class, evidence, painted pixels of the whole silhouette (supersampled)."""

    def paint(self, thing: Thing) -> None:
        rng = np.random.default_rng(thing.seed)
        if thing.kind in LABELS:
            self._labelled(thing, rng)
        elif thing.kind in ("tree", "bush", "sign", "pole", "lamp", "traffic light"):
            self._furniture(thing, rng)
        else:
            self._distractor(thing, rng)

    def _labelled(self, thing: Thing, rng: np.random.Generator) -> None:
        behind = self._luma_behind(thing) if thing.behind is None else thing.behind
        sprite = _object_sprite(self.camera, thing, behind, self.street.night, rng)
        found = self.canvas.silhouette(sprite)
        if found is None:
            return
        seen, warm = thing.evidence != "infrared", thing.evidence != "visible"
        if seen:
            self._contact_shadow(sprite)
        name, number = LABELS[thing.kind], len(self.labelled) + 1
        self.labelled[number] = (name, thing.evidence, int(found[1].sum()))
        stamp = Stamp(label=MASK_IDS[name], evidence=thing.evidence, instance=number, visible=seen, infrared=warm)
        if not seen:
            self.canvas.tint(sprite, light=float(1 + rng.uniform(-RESIDUE, RESIDUE)))
        if not warm:
            self.canvas.tint(sprite, warmth=float(rng.uniform(-RESIDUE_KELVIN, RESIDUE_KELVIN)))
        self.canvas.paint(sprite, stamp)
        if seen and thing.kind != "car":
            self.canvas.model(sprite, side=self.sun)

    def _furniture(self, thing: Thing, rng: np.random.Generator) -> None:
        stand = _standing(self.camera, thing)
        leaves, post = Stamp(label=MASK_IDS["vegetation"]), Stamp(label=MASK_IDS["pole"])
        if thing.kind == "tree":
            wood, crown = furniture.tree(rng)
            self.canvas.paint(stand(wood), leaves)
            self._foliage(stand(crown), leaves)
        elif thing.kind == "bush":
            self._foliage(stand(furniture.bush(rng)), leaves)
        elif thing.kind in ("sign", "traffic light"):
            stick, top = furniture.sign(rng) if thing.kind == "sign" else furniture.traffic_light(rng)
            label = MASK_IDS["traffic sign" if thing.kind == "sign" else "traffic light"]
            self.canvas.paint(stand(stick), post)
            self.canvas.paint(stand(top), Stamp(label=label))
        elif thing.kind == "lamp":
            self.canvas.paint(stand(furniture.street_lamp(lit=self.street.night, side=-1.0)), post)
        else:
            self.canvas.paint(stand(furniture.pole(rng)), post)

    def _foliage(self, sprite: Sprite, stamp: Stamp) -> None:
        self.canvas.paint(sprite, stamp)
        self.canvas.roughen(sprite, self.leaves)

    @cached_property
    def leaves(self) -> Floats:
        """Texture of all foliage of the scene."""
        return leaf_texture(np.random.default_rng(self.leaf_seed), self.canvas.labels.shape)

    def _distractor(self, thing: Thing, rng: np.random.Generator) -> None:
        stand, behind = _standing(self.camera, thing), self._luma_behind(thing)
        warmth = float(rng.uniform(*NOBODY_EXCESS))
        built, visible_only = Stamp(label=MASK_IDS["building"]), Stamp(infrared=False)
        if thing.kind == "poster":
            self.canvas.paint(stand(distractors.poster(rng, lit=self.street.night)), built)
        elif thing.kind == "statue":
            self.canvas.paint(stand(distractors.statue(rng, behind)), built)
        elif thing.kind == "reflection":
            sprite = stand(distractors.reflection(rng, behind))
            left, top, right, bottom = extent(sprite)
            puddle = ellipse((left + right) / 2, (top + bottom) / 2, (right - left) * 0.75, (bottom - top) * 0.56)
            wet = Part((puddle,), (behind * 0.75, behind * 0.8, behind * 0.9))
            self.canvas.paint([wet, *sprite], visible_only)
        elif thing.kind == "cabinet":
            self.canvas.paint(stand(distractors.cabinet(rng, warmth)), built)
        elif thing.kind == "plume":
            self._on_ground(thing, distractors.manhole(warmth * 0.6))
            self.canvas.paint(stand(distractors.plume(rng, warmth)), Stamp(visible=False))
        elif thing.kind == "manhole":
            self._on_ground(thing, distractors.manhole(warmth * 0.7))
        else:
            self.canvas.paint(stand(distractors.dog(rng, warmth)), Stamp(label=MASK_IDS["unlabelled"]))

    def _on_ground(self, thing: Thing, sprite: Sprite) -> None:
        flat = []
        for part in sprite:
            corners = part.outlines[0]
            world = np.stack((thing.x + corners[:, 0], np.zeros(len(corners)), thing.depth + corners[:, 1]), axis=1)
            flat.append(Part((self.camera.project(world),), part.rgb, part.warmth))
        self.canvas.paint(flat, Stamp())

    def _luma_behind(self, thing: Thing) -> float:
        body = ellipse(0.0, 0.9, 0.4, 0.9, corners=8)
        return self.canvas.luma_behind(self.camera.stand([Part((body,), (0.0, 0.0, 0.0))], thing.x, thing.depth))

    def _contact_shadow(self, sprite: Sprite) -> None:
        left, _, right, bottom = extent(sprite)
        wide = (right - left) * 0.6
        for reach, light in ((1.0, 0.88), (0.7, 0.82)):
            outline = ellipse((left + right) / 2, bottom, wide * reach, wide * reach * 0.22)
            self.canvas.tint([Part((outline,), (0.0, 0.0, 0.0))], light=light)


def _object_sprite(camera: Camera, thing: Thing, behind: float, night: bool, rng: np.random.Generator) -> list[Part]:
    if thing.kind == "car":
        paint = _contrasting_paint(rng, behind)
        excess = float(rng.uniform(*CAR_EXCESS))
        lights = thing.evidence == "both" and (night or rng.random() < 0.3)
        body = CarBody(
            x=thing.x,
            z=thing.depth,
            across=thing.across,
            front=thing.mirrored,
            paint=paint,
            excess=excess,
            lights=lights,
        )
        return car(camera, body)
    if thing.kind == "bicycle":
        colour = (0.85, 0.82, 0.78) if behind < 0.42 else (0.10, 0.09, 0.12)
        return camera.stand(
            bicycle(colour, float(rng.uniform(*RIDDEN_EXCESS))), thing.x, thing.depth, mirrored=thing.mirrored
        )
    outfit = dress(rng, behind, float(rng.uniform(*PERSON_EXCESS)))
    height = float(rng.uniform(1.55, 1.88))
    sprite = rider(rng, outfit, height) if thing.kind == "rider" else walker(rng, outfit, height)
    return camera.stand(sprite, thing.x, thing.depth, mirrored=thing.mirrored)


def _contrasting_paint(rng: np.random.Generator, behind: float) -> tuple[float, float, float]:
    far = [paint for paint in PAINT if abs(sum(paint) / 3 - behind) > 0.15]
    return far[rng.integers(len(far))]


def _standing(camera: Camera, thing: Thing) -> Callable[[Sprite], list[Part]]:
    """Puts sprites upright where the thing stands."""
    return partial(camera.stand, x=thing.x, depth=thing.depth, mirrored=thing.mirrored)


def _light_map(scene: Scene, height: int, width: int, rng: np.random.Generator) -> Floats:
    """Linear illumination (H, W); smooth, hence computed on a coarse grid."""
    step = 4
    rows = np.arange(0, height + step, step, dtype=np.float32)[:, None]
    columns = np.arange(0, width + step, step, dtype=np.float32)[None, :]
    if scene.street.night:
        light = np.full((len(rows), columns.shape[1]), rng.uniform(0.012, 0.035), np.float32)
        for pool in (*scene.lights, *_lamp_pools(scene)):
            squares = ((columns - pool.x) / pool.sx) ** 2 + ((rows - pool.y) / pool.sy) ** 2
            light += pool.power * np.exp(-0.5 * squares)
    else:
        edge, soft = width * rng.uniform(0.2, 0.8), width * rng.uniform(0.02, 0.1)
        side = float(rng.choice([-1.0, 1.0])) if rng.random() < 0.6 else 0.0
        shade = 1.0 - 0.45 * abs(side) / (1.0 + np.exp(np.clip(side * (columns - edge) / soft, -30, 30)))
        light = np.broadcast_to(rng.uniform(1.15, 1.6) * shade, (len(rows), columns.shape[1])).astype(np.float32)
    return np.asarray(cv2.resize(light, (width, height), interpolation=cv2.INTER_LINEAR), np.float32)


def _lamp_pools(scene: Scene) -> list[Light]:
    """What the street lamps of the scene light up: ellipses on the ground, brighter near the lamp."""
    pools = []
    for thing in scene.things:
        if thing.kind != "lamp":
            continue
        reach = furniture.LAMP_REACH * (-1.0 if thing.mirrored else 1.0)
        foot = scene.camera.project(np.array([(thing.x + reach, 0.6, thing.depth)]))[0]
        scale = scene.camera.scale_at(thing.depth)
        pools.append(Light(x=float(foot[0]), y=float(foot[1]), sx=2.6 * scale, sy=1.1 * scale, power=0.22))
    return pools
