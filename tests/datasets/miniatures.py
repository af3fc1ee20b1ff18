"""Tiny datasets in each dataset's own folder structure, so that the true readers run."""

from __future__ import annotations

import zlib
from collections.abc import Callable, Iterable
from pathlib import Path

import cv2
import numpy as np
from numpy.typing import NDArray

from datasets.images import write_image
from datasets.layouts.survey import SurveyedLayout

SIZE = (24, 32)
LLVIP_TRAIN = [f"{scene:02d}{frame:04d}" for scene in (1, 2, 3, 4) for frame in range(1, 4)]
LLVIP_TEST = ["190001", "190002", "200001"]
MSRS_TRAIN = [f"{number:05d}{light}" for light in "DN" for number in range(1, 9)]
MSRS_TEST = ["00101D", "00102N"]
FMB_TRAIN = [f"{number:05d}" for number in range(1, 13)]
FMB_TEST = ["01001", "01002"]
M3FD_IDS = [f"{block * 100 + 50:05d}" for block in range(10)]
FREE_IDS = ["a", "b", "c"]
OUTLINE = [(4, 2), (20, 6), (18, 14), (2, 10)]
CASES = ["16003", "16004", "20007", "2011", "21006"]


def make_image(name: str, channels: int, size: tuple[int, int] = SIZE) -> NDArray[np.uint8]:
    """Pixels that depend on the name alone."""
    generator = np.random.default_rng(zlib.crc32(f"{name}{channels}".encode()))
    shape = size if channels == 1 else (*size, channels)
    return generator.integers(0, 256, shape, dtype=np.uint8)


def write_pairs(visible: Path, infrared: Path, ids: Iterable[str], suffix: str = ".png") -> None:
    for name in ids:
        write_image(visible / f"{name}{suffix}", make_image(name, 3))
        write_image(infrared / f"{name}{suffix}", make_image(name, 1))


def write_mask(path: Path, ids: Iterable[int], size: tuple[int, int] = SIZE) -> None:
    """A mask whose columns go through the ids."""
    row = np.resize(np.array(list(ids), dtype=np.uint8), size[1])
    write_image(path, np.tile(row, (size[0], 1)))


def voc(*objects: tuple[str, float, float, float, float], size: tuple[int, int] = SIZE, extra: str = "") -> str:
    """A VOC file, written by hand so that the reader is not tested against itself."""
    boxes = "".join(
        f"<object><name>{name}</name>{extra}<bndbox><xmin>{x1}</xmin><ymin>{y1}</ymin><xmax>{x2}</xmax>"
        f"<ymax>{y2}</ymax></bndbox></object>"
        for name, x1, y1, x2, y2 in objects
    )
    return f"<annotation><size><width>{size[1]}</width><height>{size[0]}</height></size>{boxes}</annotation>"


def write_label(path: Path, text: str) -> None:
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(text, encoding="utf-8")


def write_llvip(root: Path) -> None:
    for split, ids in (("train", LLVIP_TRAIN), ("test", LLVIP_TEST)):
        write_pairs(root / "visible" / split, root / "infrared" / split, ids, ".jpg")
        for name in ids:
            write_label(root / "Annotations" / f"{name}.xml", voc(("person", 2, 3, 12, 20)))


def write_llvip_yolo(root: Path) -> None:
    for split, ids in (("train", LLVIP_TRAIN), ("test", LLVIP_TEST)):
        write_pairs(root / "visible" / split, root / "infrared" / split, ids, ".jpg")
        for name in ids:
            write_label(root / "labels" / split / f"{name}.txt", "0 0.5 0.5 0.25 0.5\n")


def write_msrs(root: Path) -> None:
    for split, ids in (("train", MSRS_TRAIN), ("test", MSRS_TEST)):
        write_pairs(root / split / "vi", root / split / "ir", ids)
        for name in ids:
            write_mask(root / split / "Segmentation_labels" / f"{name}.png", range(9))


def write_fmb(root: Path) -> None:
    for split, ids in (("train", FMB_TRAIN), ("test", FMB_TEST)):
        write_pairs(root / split / "Visible", root / split / "Infrared", ids)
        for name in ids:
            write_mask(root / split / "Label" / f"{name}.png", [0, 1, 8, 14])


def write_m3fd(root: Path) -> None:
    write_pairs(root / "Vis", root / "Ir", M3FD_IDS)
    for name in M3FD_IDS:
        write_label(root / "Annotation" / f"{name}.xml", voc(("People", 2, 3, 12, 20), ("Truck", 0, 0, 32, 24)))


def write_roadscene(root: Path) -> None:
    write_pairs(root / "crop_LR_visible", root / "cropinfrared", ["FLIR_00006", "FLIR_00306"], ".jpg")
    for name in ("FLIR_00006", "FLIR_00306"):
        write_label(root / "labels" / f"{name}.txt", "2 0.5 0.5 0.25 0.5\n")


def write_tno(root: Path) -> None:
    write_pairs(root / "vi", root / "ir", ["01", "02"])


def write_mfnet(root: Path) -> None:
    lists = {"train": MSRS_TRAIN[:12], "val": MSRS_TRAIN[12:], "test": MSRS_TEST}
    for split, ids in lists.items():
        write_label(root / f"{split}.txt", "".join(f"{name}\n" for name in ids))
        for name in ids:
            both = np.dstack([make_image(name, 3), make_image(name, 1)])
            (root / "images").mkdir(exist_ok=True)
            cv2.imwrite(str(root / "images" / f"{name}.png"), both)
            write_mask(root / "labels" / f"{name}.png", range(9))


def write_flir_aligned(root: Path) -> None:
    lists = {"align_train.txt": FMB_TRAIN, "align_validation.txt": FMB_TEST}
    for file, ids in lists.items():
        write_label(root / file, "".join(f"FLIR_{name}_PreviewData\n" for name in ids))
        for name in ids:
            write_image(root / "JPEGImages" / f"FLIR_{name}_RGB.jpg", make_image(name, 3))
            write_image(root / "JPEGImages" / f"FLIR_{name}_PreviewData.jpeg", make_image(name, 1))
            text = voc(("person", 2, 3, 12, 20), ("dog", 2, 3, 9, 9))
            write_label(root / "Annotations" / f"FLIR_{name}_PreviewData.xml", text)


def write_kaist(root: Path) -> None:
    text = "% bbGt version=3\nperson 2 3 10 17 0 0 0 0 0 0 0\npeople 1 1 9 9 0 0 0 0 0 0 0\n"
    for place in ("set00/V000", "set00/V001", "set06/V000"):
        write_pairs(root / place / "visible", root / place / "lwir", ["I00000", "I00019", "I00039"], ".jpg")
        for name in ("I00000", "I00019", "I00039"):
            write_label(root / "annotations" / place / f"{name}.txt", text)
    write_label(root / "imageSets/test-all-20.txt", "set06/V000/I00019\nset06/V000/I00039\n")


def write_dronevehicle(root: Path) -> None:
    corners = "".join(f"<x{n}>{x}</x{n}><y{n}>{y}</y{n}>" for n, (x, y) in enumerate(OUTLINE, start=1))
    item = f"<object><name>feright car</name><polygon>{corners}</polygon></object>"
    text = voc().replace("</annotation>", f"{item}</annotation>")
    for split, ids in (("train", FMB_TRAIN), ("val", ["02001"]), ("test", FMB_TEST)):
        write_pairs(root / split / f"{split}img", root / split / f"{split}imgr", ids, ".jpg")
        for name in ids:
            write_label(root / split / f"{split}labelr" / f"{name}.xml", text)


def write_folder(root: Path) -> None:
    for split, ids in (("train", [f"{n:02d}" for n in range(12)]), ("test", FREE_IDS)):
        write_pairs(root / split / "Visible", root / split / "IR", ids)
        for name in ids:
            write_label(root / split / "labels" / f"{name}.txt", "1 0.5 0.5 0.25 0.5\n")
            write_mask(root / split / "masks" / f"{name}.png", [0, 1])
    write_label(root / "classes.txt", "background\nperson\n")


def harvard_writer(modality: str) -> Callable[[Path], None]:
    def write(root: Path) -> None:
        for split, ids in (("train", CASES), ("test", ["16009", "2010"])):
            folder = root / f"{modality}-MRI" / split
            write_pairs(folder / modality, folder / "MRI", ids)

    return write


def write_harvard(root: Path) -> None:
    for modality in ("CT", "PET", "SPECT"):
        harvard_writer(modality)(root)


def write_synthetic(root: Path) -> None:
    from datasets.synthetic.settings import SyntheticSettings
    from datasets.synthetic.writer import generate

    settings = SyntheticSettings(height=64, width=80, num_train=2, num_val=1, num_test=1)
    generate(settings, root / "drawn", progress=False)
    # `generate` makes its folder itself, and `root` is there already.
    for path in (root / "drawn").iterdir():
        path.rename(root / path.name)
    (root / "drawn").rmdir()


MINIATURES: dict[str, Callable[[Path], None]] = {
    "llvip": write_llvip,
    "msrs": write_msrs,
    "fmb": write_fmb,
    "m3fd": write_m3fd,
    "mfnet": write_mfnet,
    "flir-aligned": write_flir_aligned,
    "kaist": write_kaist,
    "dronevehicle": write_dronevehicle,
    "roadscene": write_roadscene,
    "tno": write_tno,
    "harvard-ct-mri": harvard_writer("CT"),
    "harvard-pet-mri": harvard_writer("PET"),
    "harvard-spect-mri": harvard_writer("SPECT"),
    "harvard": write_harvard,
    "folder": write_folder,
    "synthetic": write_synthetic,
}


def ids(layout: SurveyedLayout, split: str) -> list[str]:
    """The ids of a split."""
    return [sample.id for sample in layout.load(split, "quality")]
