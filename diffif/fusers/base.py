"""The contract of every fuser: images in, one fused image out, at the size that went in.

A method usually writes `_fuse_luma` alone. Checks, padding to the network's stride, tiling of large images with
feathered seams, chroma and 8-bit range are the base class's business and leave no trace in the output.
"""

from __future__ import annotations

from abc import ABC
from collections.abc import Mapping, Sequence
from typing import Any, ClassVar, Literal

import torch
import torch.nn.functional as F
from torch import Tensor

from datasets.images import rgb_to_ycbcr, ycbcr_to_rgb
from diffif.fusers.denormals import flushed_denormals
from diffif.fusers.tiling import fuse_in_tiles
from suite.errors import ImageError
from suite.outside import code_digest, is_outside
from suite.settings import fingerprint

Kind = Literal["control", "classical", "deep", "diffusion", "imported"]


class Fuser(ABC):
    """Fuses registered visible and infrared images.

    Class attributes state the method's facts; `settings` holds everything that changes pixels.
    """

    name: str
    """The name after --fuser."""
    label: str
    """The name in tables and figures."""
    kind: ClassVar[Kind]
    paper: ClassVar[str] = ""
    """"A, B and C, Title, Venue 1(2), 2020" or "A et al., Title, Venue 2020"; empty where there is none to cite."""
    weights_needed: ClassVar[str] = ""
    """Where the authors publish the weights; empty for methods without weights."""
    stride: int = 1
    """Both sides of an image are padded to multiples of this."""
    min_size: int = 1
    """Smaller images are padded to this side."""
    tileable: bool = True
    """False where a method needs the whole image at once (global optimisation)."""
    bytes_per_pixel: ClassVar[int] = 4_000
    """Rough peak memory of fusing one pixel; turns a memory budget into a tile size."""
    code_version: ClassVar[int] = 1
    """Raised whenever a change of code changes pixels, so that cached fused sets are not mistaken for current ones."""
    batched: bool = True
    """False where the method works on one image at a time; `fuse` then loops."""
    computes: ClassVar[bool] = True
    """False where nothing is fused: images are looked up, or a source is passed on; their time says nothing."""

    def __init__(self, *, device: str = "cpu", settings: Mapping[str, Any] | None = None) -> None:
        self.device = torch.device(device)
        self._settings = dict(settings or {})
        self.max_memory_gib: float | None = None
        """Memory budget of one call in GiB; larger images are fused in tiles. None: never tile."""
        self.tile_overlap = 64

    @property
    def settings(self) -> Mapping[str, Any]:
        """Everything beside the code that changes pixels, as plain data; weights enter by their hash."""
        return self._settings

    @property
    def fingerprint(self) -> str:
        """Twelve hex digits over name, code version, settings and weights."""
        tiling = {
            "max_memory_gib": self.max_memory_gib,
            "tile_overlap": self.tile_overlap if self.max_memory_gib else 0,
        }
        return fingerprint(
            {"name": self.name, "code": self._code_mark(), "settings": dict(self.settings), "tiling": tiling}
        )

    def _code_mark(self) -> int | dict[str, Any]:
        """`code_version`; for a class from outside this package also which class it is, and its module's source."""
        cls = type(self)
        if not is_outside(cls):
            return self.code_version
        name = f"{cls.__module__}:{cls.__qualname__}"
        return {"version": self.code_version, "class": name, "source": code_digest(cls.__module__)}

    @property
    def num_parameters(self) -> int | None:
        """Parameters of the networks behind this fuser; 0 for methods without, None where they cannot be known."""
        return sum(p.numel() for m in self.modules() for p in m.parameters())

    def modules(self) -> Sequence[torch.nn.Module]:
        """The networks behind this fuser."""
        return ()

    @torch.inference_mode()
    def fuse(self, visible: Tensor, infrared: Tensor, *, ids: Sequence[str] | None = None) -> Tensor:
        """Fuse a batch.

        Args:
            visible: (B, 3, H, W) RGB, float32 in [0, 1].
            infrared: (B, 1, H, W), float32 in [0, 1].
            ids: The samples' ids; only fusers that look up images by name need them.

        Returns:
            (B, 3, H, W) RGB, float32 in [0, 1], on the CPU.

        Raises:
            ImageError: shapes or ranges are not as above.
        """
        check_pair(visible, infrared)
        if ids is not None and len(ids) != visible.shape[0]:
            raise ImageError(f"{len(ids)} ids for a batch of {visible.shape[0]} images.")
        with flushed_denormals():
            fused = self._fuse(visible.to(self.device), infrared.to(self.device), ids)
        return fused.clamp(0.0, 1.0).float().cpu()

    def _fuse(self, visible: Tensor, infrared: Tensor, ids: Sequence[str] | None) -> Tensor:
        """Fused RGB of checked inputs; the default fuses luma and keeps the visible image's chroma."""
        y, cb, cr = rgb_to_ycbcr(visible)
        if self.batched:
            fused = self._fuse_any_size(y, infrared)
        else:
            pairs = zip(y.split(1), infrared.split(1), strict=True)
            fused = torch.cat([self._fuse_any_size(one_y, one_ir) for one_y, one_ir in pairs])
        return self._finish_colour(ycbcr_to_rgb(self._finish(fused).clamp(0.0, 1.0), cb, cr))

    def _finish(self, fused: Tensor) -> Tensor:
        """What a method does to its finished luma (B, 1, H, W), such as stretching; sees whole, unpadded images."""
        return fused

    def _finish_colour(self, fused: Tensor) -> Tensor:
        """What a method does to its colour image (B, 3, H, W), whose values may leave [0, 1] where chroma is strong."""
        return fused

    def _fuse_any_size(self, y: Tensor, infrared: Tensor) -> Tensor:
        if self.tileable and self.max_memory_gib is not None:
            budget_pixels = int(self.max_memory_gib * 2**30 / self.bytes_per_pixel / y.shape[0])
            if y.shape[-2] * y.shape[-1] > budget_pixels:
                return fuse_in_tiles(
                    self._fuse_padded,
                    y,
                    infrared,
                    tile_pixels=budget_pixels,
                    overlap=self.tile_overlap,
                    stride=self.stride,
                )
        return self._fuse_padded(y, infrared)

    def _fuse_padded(self, y: Tensor, infrared: Tensor) -> Tensor:
        height, width = y.shape[-2:]
        target_h, target_w = (_padded_side(side, self.stride, self.min_size) for side in (height, width))
        fused = self._fuse_luma(pad_to(y, target_h, target_w), pad_to(infrared, target_h, target_w))
        return fused[..., :height, :width]

    def _fuse_luma(self, y: Tensor, infrared: Tensor) -> Tensor:
        """Fused luma (B, 1, H, W) of visible Y and infrared, all in [0, 1]; H and W are multiples of `stride`."""
        raise NotImplementedError(f"{type(self).__name__} must define _fuse_luma or _fuse")


def check_pair(visible: Tensor, infrared: Tensor) -> None:
    """Refuse what is not a batch of registered pairs.

    Raises:
        ImageError: wrong rank, channels, size or value range; says which.
    """
    if visible.ndim != 4 or visible.shape[1] != 3:
        raise ImageError(f"visible must be (B, 3, H, W) RGB, got {tuple(visible.shape)}.")
    if infrared.ndim != 4 or infrared.shape[1] != 1:
        raise ImageError(f"infrared must be (B, 1, H, W), got {tuple(infrared.shape)}.")
    if visible.shape[0] != infrared.shape[0] or visible.shape[-2:] != infrared.shape[-2:]:
        raise ImageError(
            f"visible {tuple(visible.shape)} and infrared {tuple(infrared.shape)} differ in batch or size."
        )
    for which, image in (("visible", visible), ("infrared", infrared)):
        if not image.is_floating_point():
            raise ImageError(f"{which} must be float in [0, 1], got {image.dtype}; divide 8-bit images by 255.")
        low, high = image.aminmax()
        if not (low >= 0.0 and high <= 1.0):
            raise ImageError(f"{which} must lie in [0, 1], found {low.item():.3g} to {high.item():.3g}.")


def pad_to(image: Tensor, height: int, width: int) -> Tensor:
    """Extend (B, C, H, W) below and to the right by reflection, repeated as often as a tiny image needs it."""
    while image.shape[-2] < height or image.shape[-1] < width:
        down = min(height - image.shape[-2], max(image.shape[-2] - 1, 0))
        right = min(width - image.shape[-1], max(image.shape[-1] - 1, 0))
        if image.shape[-2] == 1 or image.shape[-1] == 1:
            # A single row or column has nothing to reflect.
            return F.pad(image, (0, width - image.shape[-1], 0, height - image.shape[-2]), mode="replicate")
        image = F.pad(image, (0, right, 0, down), mode="reflect")
    return image


def _padded_side(side: int, stride: int, min_size: int) -> int:
    return -(-max(side, min_size) // stride) * stride
