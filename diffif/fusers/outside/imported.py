"""Fused images that any outside method wrote into a folder, matched to the pairs by name.

This is how a method enters that runs only in its authors' environment: run it there, keep the pairs' names, and pass
`--fuser folder:PATH`.
"""

from __future__ import annotations

import difflib
import hashlib
from collections.abc import Mapping, Sequence
from functools import cached_property
from pathlib import Path
from typing import Any, Literal

import torch
from torch import Tensor

from datasets.images import IMAGE_SUFFIXES, read_image, read_size, rgb_to_y, rgb_to_ycbcr, ycbcr_to_rgb
from diffif.fusers.base import Fuser
from suite.errors import ImageError, SettingsError, list_offenders

SAME_SIZE = "Imported images must have the sources' size: run the method again without cropping or resizing."


class ImportedFolder(Fuser):
    """Reads `<path>/<sample id>.<png|jpg|...>`.

    Args:
        path: The folder; an id with slashes means subfolders.
        label: The name in tables; the folder's own name if empty.
        chroma: "stored" takes the file's colours; "visible" keeps its luma and adds the visible image's chroma, which
            makes a method that wrote grey images comparable with one that wrote colour.
        device: Where the result is assembled before it returns to the CPU.

    Raises:
        SettingsError: the folder does not exist, holds no image, or two files have one name.
    """

    name = "folder"
    label = "Imported"
    kind = "imported"
    tileable = False
    computes = False

    def __init__(
        self, *, path: str, label: str = "", chroma: Literal["stored", "visible"] = "stored", device: str = "cpu"
    ) -> None:
        super().__init__(device=device)
        self.folder = Path(path)
        self.chroma = chroma
        self._files = _list_images(self.folder)
        self.label = label or self.folder.resolve().name

    @property
    def settings(self) -> Mapping[str, Any]:
        """The chroma rule and a hash of every image's name and content; not the path."""
        return {"chroma": self.chroma, "images": self._digest}

    @property
    def num_parameters(self) -> None:
        """Unknown: the method ran elsewhere."""
        return None

    @cached_property
    def _digest(self) -> str:
        # Contents, not times: a folder copied to another machine is the same method.
        digest = hashlib.sha256()
        for name, file in sorted(self._files.items()):
            digest.update(name.encode() + b"\0" + hashlib.sha256(file.read_bytes()).digest())
        return digest.hexdigest()

    def missing(self, ids: Sequence[str]) -> list[str]:
        """The ids that have no image here."""
        return [one for one in ids if one not in self._files]

    def check(self, sizes: Mapping[str, tuple[int, int]]) -> None:
        """Compare names, and sizes by the headers, with all pairs, before any work.

        Args:
            sizes: (H, W) of every pair by id.

        Raises:
            ImageError: images are missing, or of another size than their pair; lists up to ten.
        """
        absent = self.missing(list(sizes))
        if absent:
            raise ImageError(self._explain_missing(absent))
        found = {one: read_size(self._files[one]) for one in sizes}
        other = [
            f"{self._files[one]} is {found[one][0]}x{found[one][1]}, the pair {one} {size[0]}x{size[1]} (HxW)"
            for one, size in sizes.items()
            if found[one] != size
        ]
        if other:
            raise ImageError(
                f"{len(other)} images of folder:{self.folder} are of another size than their pair:\n"
                f"{list_offenders(other)}\n{SAME_SIZE}"
            )

    def _fuse(self, visible: Tensor, infrared: Tensor, ids: Sequence[str] | None) -> Tensor:
        if ids is None:
            raise ImageError(f"folder:{self.folder} matches images by name: call fuse(visible, infrared, ids=[...]).")
        absent = self.missing(ids)
        if absent:
            raise ImageError(self._explain_missing(absent))
        size = (int(visible.shape[-2]), int(visible.shape[-1]))
        images = [self._read(one, size) for one in ids]
        fused = torch.cat(images).to(visible)
        if self.chroma == "visible":
            _, cb, cr = rgb_to_ycbcr(visible)
            fused = ycbcr_to_rgb(rgb_to_y(fused), cb, cr)
        return fused

    def _read(self, one: str, size: tuple[int, int]) -> Tensor:
        file = self._files[one]
        found = read_size(file)
        if found != size:
            raise ImageError(
                f"{file} is {found[0]}x{found[1]} (HxW), but the pair {one} is {size[0]}x{size[1]}. {SAME_SIZE}"
            )
        return read_image(file, "rgb")

    def _explain_missing(self, absent: Sequence[str]) -> str:
        nearest = difflib.get_close_matches(absent[0], self._files, n=1)
        example = f" The nearest name there is {nearest[0]!r}." if nearest else ""
        affix = common_affix(absent, list(self._files))
        if affix:
            example = f" All names there carry {affix!r}: rename them, for example 000001{affix}.png to 000001.png."
        return (
            f"folder:{self.folder} has no image for {len(absent)} of the pairs (it holds {len(self._files)} images):\n"
            f"{list_offenders(absent)}\nExpected <sample id>.png (or {', '.join(IMAGE_SUFFIXES[1:])}).{example}"
        )


def common_affix(ids: Sequence[str], names: Sequence[str]) -> str:
    """What stands behind every id in the names of the files, such as "_fused"; empty where there is no such thing.

    >>> common_affix(["a", "b"], ["a_fused", "b_fused", "c_fused"])
    '_fused'
    """
    tails = [{name.removeprefix(one) for name in names if name.startswith(one) and name != one} for one in ids]
    shared = set.intersection(*tails) if tails else set()
    return min(shared, key=len, default="")


def _list_images(folder: Path) -> dict[str, Path]:
    if not folder.is_dir():
        raise SettingsError(f"folder:{folder} is not a folder. Pass the folder that holds the fused images.")
    files: dict[str, Path] = {}
    for file in sorted(folder.rglob("*")):
        if file.suffix.lower() not in IMAGE_SUFFIXES:
            continue
        name = file.relative_to(folder).with_suffix("").as_posix()
        if name in files:
            raise SettingsError(f"folder:{folder} holds two images named {name}: {files[name].name} and {file.name}.")
        files[name] = file
    if not files:
        raise SettingsError(f"folder:{folder} holds no image ({', '.join(IMAGE_SUFFIXES)}).")
    return files
