"""Writes a synthetic dataset as a folder: LLVIP's layout for pairs and boxes, FMB's ids for the masks, and evidence.

Complete or absent: scenes are collected in a folder beside the target and it is renamed at the end. A run that was cut
off resumes with the first scene that is missing.
"""

from __future__ import annotations

import json
from collections.abc import Iterable
from pathlib import Path

from datasets.images import write_image
from datasets.synthetic.labels import to_voc
from datasets.synthetic.render import render
from datasets.synthetic.scene import SPLIT_DIGITS, scene_id
from datasets.synthetic.settings import BOX_CLASSES, DRAWING_VERSION, EVIDENCE_IDS, MASK_CLASSES, SyntheticSettings
from suite.errors import DatasetError
from suite.files import PARTIAL_MARK, make_dir, publish_dir, write_text
from suite.settings import fingerprint, to_mapping

MANIFEST = "scenes.json"


def generate(settings: SyntheticSettings, out: Path, *, progress: bool = True) -> Path:
    """Draw a whole dataset into `out`, or do nothing where it is already there.

    Args:
        settings: What to draw.
        out: The folder to make.
        progress: Show a bar on standard error.

    Returns:
        `out`.

    Raises:
        DatasetError: `out` holds something else.
        WorkdirError: it cannot be written.
    """
    if out.exists():
        _expect_same(settings, out)
        return out
    staging = out.with_name(f"{out.name}{PARTIAL_MARK}{synthetic_fingerprint(settings)}")
    make_dir(staging)
    for split, index in _scenes(settings, progress=progress):
        if not (staging / "Annotations" / f"{scene_id(split, index)}.xml").exists():
            _write_scene(settings, split, index, staging)
    write_text(staging / MANIFEST, json.dumps(_manifest(settings), indent=2) + "\n")
    publish_dir(staging, out)
    return out


def synthetic_fingerprint(settings: SyntheticSettings) -> str:
    """Twelve hex digits that change with anything that changes a pixel or a label."""
    return fingerprint({"version": DRAWING_VERSION, "settings": to_mapping(settings)})


def read_manifest(root: Path) -> dict[str, object]:
    """The `scenes.json` of a synthetic dataset.

    Raises:
        DatasetError: there is none, or it is not one.
    """
    path = root / MANIFEST
    if not path.is_file():
        raise DatasetError(f"no {MANIFEST} in {root}: not a synthetic dataset. Make one: python -m datasets sample OUT")
    try:
        found = json.loads(path.read_text(encoding="utf-8"))
    except json.JSONDecodeError as error:
        raise DatasetError(f"{path} is not JSON ({error}). Delete {root} and make it again.") from error
    if not isinstance(found, dict) or "fingerprint" not in found:
        raise DatasetError(f"{path} has no fingerprint. Delete {root} and make it again.")
    return found


def _expect_same(settings: SyntheticSettings, out: Path) -> None:
    found, wanted = read_manifest(out)["fingerprint"], synthetic_fingerprint(settings)
    if found != wanted:
        raise DatasetError(
            f"{out} holds a synthetic dataset of other settings ({found}, these give {wanted}). "
            "Choose another folder, or delete that one."
        )


def _scenes(settings: SyntheticSettings, *, progress: bool) -> Iterable[tuple[str, int]]:
    scenes = [(split, index) for split in SPLIT_DIGITS for index in range(settings.count(split))]
    if not progress:
        return scenes
    from rich.console import Console
    from rich.progress import track

    return track(scenes, description="Drawing scenes", console=Console(stderr=True))


def _write_scene(settings: SyntheticSettings, split: str, index: int, root: Path) -> None:
    pair = render(settings, split, index)
    name = f"{pair.id}.png"
    for folder, image in (
        ("visible", pair.visible),
        ("infrared", pair.infrared),
        ("Label", pair.mask),
        ("Evidence", pair.evidence),
    ):
        write_image(root / folder / split / name, image)
    # Last, since its presence says that the scene is complete.
    voc = to_voc(name, settings.height, settings.width, pair.objects)
    write_text(root / "Annotations" / f"{pair.id}.xml", voc)


def _manifest(settings: SyntheticSettings) -> dict[str, object]:
    return {
        "fingerprint": synthetic_fingerprint(settings),
        "version": DRAWING_VERSION,
        "settings": to_mapping(settings),
        "counts": {split: settings.count(split) for split in SPLIT_DIGITS},
        "box_classes": list(BOX_CLASSES),
        "mask_classes": list(MASK_CLASSES),
        "evidence_ids": dict(EVIDENCE_IDS),
    }
