"""Fusing in a camera's loop: arrays in, arrays out, and how many a second."""

from __future__ import annotations

import time
from collections import deque
from typing import TYPE_CHECKING, Literal

import numpy as np
from numpy.typing import NDArray

from suite.errors import ImageError, SettingsError

if TYPE_CHECKING:
    from diffif.fusers.base import Fuser

WINDOW = 30
"""Frames over which the rate is averaged."""
DEFAULT_FUSER = "diffif@weights=fast"


class LiveFusion:
    """Fuses pairs of frames as they come.

    The network is loaded once. The same pair gives the same picture whatever came before, so a still scene stands
    still.

    Args:
        fuser: A name from `python -m diffif list` with its settings, onnx:FILE ..., or a ready fuser.
        device: "auto", "cpu", "cuda" ...; not used for a ready fuser.
        order: Of the colour channels in and out; OpenCV's cameras give "bgr".

    Raises:
        SettingsError: an unknown order, or a fuser that cannot be built.

    Example:
        live = LiveFusion(order="bgr")
        while True:
            fused = live(visible_camera.read()[1], infrared_camera.read()[1])
            cv2.imshow(f"{live.fps:.0f} frames a second", fused)
    """

    def __init__(
        self, fuser: str | Fuser = DEFAULT_FUSER, *, device: str = "auto", order: Literal["rgb", "bgr"] = "rgb"
    ) -> None:
        if order not in ("rgb", "bgr"):
            raise SettingsError(f"order must be rgb or bgr, got {order!r}")
        if isinstance(fuser, str):
            from diffif.fusers.registry import build_fuser
            from suite.device import resolve_device

            fuser = build_fuser(fuser, device=resolve_device(device))
        self.fuser = fuser
        self.order = order
        self._finished: deque[float] = deque(maxlen=WINDOW + 1)

    def __call__(self, visible: NDArray[np.uint8], infrared: NDArray[np.uint8]) -> NDArray[np.uint8]:
        """The fused frame, uint8 (H, W, 3).

        Args:
            visible: uint8 (H, W, 3), or (H, W) where it has no colour.
            infrared: uint8 (H, W), or (H, W, 3) as some cameras give it.

        Raises:
            ImageError: other types or shapes, or two sizes.
        """
        from datasets.images import to_tensor, to_uint8

        pair = self._rgb(visible, "visible"), self._rgb(infrared, "infrared")
        fused = self.fuser.fuse(to_tensor(pair[0], "rgb"), to_tensor(pair[1], "grey"))
        pixels = to_uint8(fused)
        self._finished.append(time.perf_counter())
        return self._swap(pixels)

    @property
    def fps(self) -> float:
        """Frames a second over the last `WINDOW` frames, waiting for cameras included; nan before the second frame."""
        if len(self._finished) < 2:
            return float("nan")
        return (len(self._finished) - 1) / (self._finished[-1] - self._finished[0])

    def _rgb(self, pixels: NDArray[np.uint8], which: str) -> NDArray[np.uint8]:
        if pixels.dtype != np.uint8 or pixels.ndim not in (2, 3) or (pixels.ndim == 3 and pixels.shape[2] != 3):
            raise ImageError(f"{which} must be uint8 (H, W) or (H, W, 3), got {pixels.dtype} {pixels.shape}.")
        return self._swap(pixels)

    def _swap(self, pixels: NDArray[np.uint8]) -> NDArray[np.uint8]:
        return np.ascontiguousarray(pixels[..., ::-1]) if self.order == "bgr" and pixels.ndim == 3 else pixels
