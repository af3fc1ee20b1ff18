"""Where anyone's own labels lie, in which format, and what their classes are called.

Boxes: `labels/NAME.txt` (YOLO), `labels/NAME.xml` (VOC) or one COCO JSON. Masks: `masks/NAME.png`. The folders may lie
beside those of the modalities, above or below the split, and have the usual other names. Classes come from data.yaml,
classes.txt, the JSON, or the names in the VOC files; numbers without names are refused: nobody could read their table.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from functools import lru_cache
from pathlib import Path
from typing import Any

from datasets.base import IMAGE_SUFFIXES, SPLITS, Labels, Sample
from datasets.class_lists import SIDE_FILES, find_class_list, read_class_list
from datasets.coco import read_coco
from datasets.label_files import LabelFileError, read_label_text, read_label_xml
from suite.errors import DatasetError

BOX_FOLDERS = ("labels", "label", "annotations", "annotation", "annotations_xml", "xml", "bbox", "boxes", "yolo")
MASK_FOLDERS = ("masks", "mask", "segmentation_labels", "segmentation", "seg", "semantic", "labels", "label", "gt")
DATA_FILES = ("data.yaml", "data.yml", "dataset.yaml", "dataset.yml")
BOX_SUFFIXES = (".txt", ".xml")


def find_label(root: Path, sample: Sample, task: Labels) -> Path | None:
    """The label file of a pair, or where it would have to be; None where the folder holds no labels of that task."""
    suffixes = BOX_SUFFIXES if task == "detect" else IMAGE_SUFFIXES
    if task == "detect" and (file := find_coco(root, sample)):
        return file
    expected = None
    for folder in label_folders(root, sample, task):
        names = dict.fromkeys((sample.visible.stem, sample.id, sample.infrared.stem))
        there = [folder / f"{name}{suffix}" for name in names for suffix in suffixes]
        found = next((path for path in there if path.exists()), None)
        if found is not None:
            return found
        if expected is None:
            used = next((path.suffix for path in folder.iterdir() if _is_label(path, suffixes)), None)
            expected = folder / f"{sample.visible.stem}{used}" if used else None
    return expected


def label_folders(root: Path, sample: Sample, task: Labels) -> Iterator[Path]:
    """Existing folders in which the label of a pair may lie, nearest first."""
    names = BOX_FOLDERS if task == "detect" else MASK_FOLDERS
    place = sample.visible.parent
    below: list[str] = []
    while place.is_relative_to(root):
        folders = _subfolders(place, place.stat().st_mtime_ns)
        for folder in (folders[name] for name in names if name in folders):
            # `labels/train/NAME` and `labels/NAME`, beside `visible/train/NAME` or `train/visible/NAME`.
            spans = [(begin, end) for begin in range(len(below) + 1) for end in range(len(below), begin - 1, -1)]
            for inside in dict.fromkeys(folder.joinpath(*below[begin:end]) for begin, end in spans):
                if inside.is_dir():
                    yield inside
        below.insert(0, place.name)
        place = place.parent
    if task == "detect":
        yield sample.visible.parent


def find_coco(root: Path, sample: Sample) -> Path | None:
    """The COCO file for a pair: of its split where there are several, else the only one."""
    split = next((name for name in reversed(sample.visible.relative_to(root).parts) if name.casefold() in SPLITS), "")
    beside = _subfolders(root, root.stat().st_mtime_ns)
    places = [root, *(beside[name] for name in BOX_FOLDERS if name in beside)]
    if split:
        inside = [_subfolders(place, place.stat().st_mtime_ns).get(split.casefold()) for place in places]
        places = [*(place for place in inside if place is not None), *places]
    for place in places:
        files = _json_files(place, place.stat().st_mtime_ns)
        named = [path for path in files if split and split.casefold() in path.stem.casefold()]
        if len(named or files) == 1:
            return (named or files)[0]
        if files:
            listed = ", ".join(path.name for path in files)
            raise DatasetError(f"{place} holds several JSON files ({listed}); keep one, or one for each split by name.")
    return None


@lru_cache(maxsize=256)
def _subfolders(place: Path, changed: int) -> dict[str, Path]:
    # Listed once for each state of a folder: thousands of pairs ask for the same few.
    return {path.name.casefold(): path for path in sorted(place.iterdir(), reverse=True) if path.is_dir()}


@lru_cache(maxsize=256)
def _json_files(place: Path, changed: int) -> list[Path]:
    return sorted(path for path in place.glob("*.json") if path.is_file())


def has_labels(root: Path, samples: Sequence[Sample], task: Labels) -> bool:
    """Whether some of the pairs have a label of that task."""
    for sample in samples:
        path = find_label(root, sample, task)
        if path is not None and path.exists():
            return True
    return False


def find_classes(root: Path, labels: Iterable[Path]) -> tuple[str, ...]:
    """The class names, in the order of the numbers in labels.

    Args:
        root: The dataset.
        labels: Its label files.

    Raises:
        DatasetError: nothing names the classes, or what does cannot be read.
    """
    files = sorted(set(labels))
    folders = sorted({path.parent for path in files})
    places = list(dict.fromkeys([root, *folders, *(folder.parent for folder in folders)]))
    try:
        for place in places:
            if data := next((place / name for name in DATA_FILES if (place / name).is_file()), None):
                return _read_data_file(data)
        if listed := find_class_list(*places):
            return _distinct(listed, read_class_list(listed))
        for path in files:
            if path.suffix == ".json":
                return _distinct(path, read_coco(path).classes)
        if any(path.suffix == ".xml" for path in files):
            return _voc_names(path for path in files if path.suffix == ".xml")
    except LabelFileError as error:
        raise DatasetError(f"classes of {root}: {error}.") from error
    raise DatasetError(
        f"{root}: nothing says what the class numbers of its labels mean. Write {root / 'classes.txt'}, one name a "
        "line in the order of the numbers (0 first), or a data.yaml with names."
    )


def _read_data_file(path: Path) -> tuple[str, ...]:
    import yaml

    try:
        content: Any = yaml.safe_load(read_label_text(path))
        names = content["names"]
        if isinstance(names, dict):
            names = [names[number] for number in range(len(names))]
        if not isinstance(names, list) or not names:
            raise TypeError("names is no list")
    except (yaml.YAMLError, KeyError, TypeError, RecursionError) as error:
        raise DatasetError(
            f"{path} names no classes ({type(error).__name__}: {error}). Expected: names: [person, car], or numbers "
            "from 0 with their names."
        ) from error
    return _distinct(path, tuple(str(name) for name in names))


def _distinct(path: Path, names: tuple[str, ...]) -> tuple[str, ...]:
    if not names or len({name.casefold() for name in names}) < len(names):
        raise DatasetError(f"{path} must name each class once, found: {', '.join(names) or 'none'}.")
    return names


def _voc_names(files: Iterable[Path]) -> tuple[str, ...]:
    found: dict[str, str] = {}
    for file in files:
        try:
            root = read_label_xml(file)
        except LabelFileError:
            continue  # named with its pair, when its boxes are read
        for item in root.iter("object"):
            name = (item.findtext("name") or "").strip()
            if name:
                found.setdefault(name.casefold(), name)
    return tuple(found[key] for key in sorted(found))


def _is_label(path: Path, suffixes: Sequence[str]) -> bool:
    return path.suffix.lower() in suffixes and path.stem.casefold() not in SIDE_FILES
