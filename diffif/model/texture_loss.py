"""What the metrics do not ask for and the eye does: visible texture under bright infrared, hot objects, quiet surfaces.

Where infrared is brighter than the visible image, the maximum of both replaces the visible texture (road markings,
foliage, cobbles) by a smooth bright area. A fusion that keeps the visible texture by taking the visible image instead
loses the people. And where both are dark and flat, sensor noise of either counts as information kept. All three are
measured here as numbers for tables, and as losses.
"""

from __future__ import annotations

import torch
import torch.nn.functional as F
from torch import Tensor

WINDOW = 9
"""Side in pixels of the local mean that splits an image into base and detail."""
BRIGHTER = 20.0
"""Infrared counts as brighter than the visible image by more than so many grey levels."""
TEXTURED = 4.0
"""Local standard deviation, in grey levels, above which a surface has texture, and below which it is flat."""
SURROUNDINGS = 65
"""Side in pixels of the mean that a hot object stands out from."""
HOTTER = 20.0
"""Grey levels by which the infrared local mean must exceed its surroundings to count as a hot object."""
DARK_VISIBLE, DARK_INFRARED = 60.0, 90.0
"""Grey levels below which the local mean counts as dark."""
FEWEST_PIXELS = 500
"""Of a region that is to be measured."""
REGION_FLOOR = 0.05
"""Share of an image below which a region counts for less in the loss."""
QUIET_SCALE = 2.0
"""Grey levels of added detail that the noise loss calls 1."""


def texture_loss(fused: Tensor, visible: Tensor, infrared: Tensor) -> Tensor:
    """Detail of the visible image lost or distorted where infrared is bright, relative to what is there; a scalar.

    Args:
        fused: (B, 1, H, W) in [-1, 1].
        visible: Same shape.
        infrared: Same shape.
    """
    f, v, i = (_levels(image) for image in (fused, visible, infrared))
    region, detail = washed_out_region(v, i), _detail(v)
    lost = (region * (_detail(f) - detail).abs()).sum()
    return lost / ((region * detail.abs()).sum() + REGION_FLOOR * v.numel())


def noise_loss(fused: Tensor, visible: Tensor, infrared: Tensor) -> Tensor:
    """Detail beyond that of the quieter source on dark flat surfaces, in units of `QUIET_SCALE` levels; a scalar.

    Args:
        fused: (B, 1, H, W) in [-1, 1].
        visible: Same shape.
        infrared: Same shape.
    """
    f, v, i = (_levels(image) for image in (fused, visible, infrared))
    region = dark_flat_region(v, i)
    allowed = torch.minimum(_detail(v).abs(), _detail(i).abs())
    added = (region * F.relu(_detail(f).abs() - allowed)).sum()
    return added / (QUIET_SCALE * (region.sum() + REGION_FLOOR * v.numel()))


def heat_loss(fused: Tensor, visible: Tensor, infrared: Tensor) -> Tensor:
    """How far the local mean of hot objects lies from the brighter source, relative to infrared's lead; a scalar.

    Args:
        fused: (B, 1, H, W) in [-1, 1].
        visible: Same shape.
        infrared: Same shape.
    """
    f, v, i = (_levels(image) for image in (fused, visible, infrared))
    region, base_v, base_i = hot_region(v, i), _local_mean(v), _local_mean(i)
    lost = (region * (_local_mean(f) - base_i).abs()).sum()
    return lost / ((region * (base_i - base_v)).sum() + REGION_FLOOR * v.numel())


def heat_kept(fused: Tensor, visible: Tensor, infrared: Tensor) -> Tensor:
    """Where hot objects lie between the visible image (0) and the infrared one (1), (B,); as `texture_kept`."""
    f, v, i = (255 * image for image in (fused, visible, infrared))
    region, base_v = hot_region(v, i), _local_mean(v)
    return _ratio(region * (_local_mean(f) - base_v), region * (_local_mean(i) - base_v), region)


def texture_kept(fused: Tensor, visible: Tensor, infrared: Tensor) -> Tensor:
    """Share of the visible detail found again where infrared is bright: 1 all of it, 0 none, (B,).

    The regression coefficient of the fused detail on the visible one; above 1 it was amplified.

    Args:
        fused: (B, 1, H, W) in [0, 1].
        visible: Same shape.
        infrared: Same shape.

    Returns:
        nan where fewer than `FEWEST_PIXELS` pixels are such a region.
    """
    f, v, i = (255 * image for image in (fused, visible, infrared))
    region, detail = washed_out_region(v, i), _detail(v)
    return _ratio(region * _detail(f) * detail, region * detail * detail, region)


def dark_noise(fused: Tensor, visible: Tensor, infrared: Tensor) -> Tensor:
    """Root mean square detail on dark flat surfaces, grey levels of 255, (B,); arguments as `texture_kept`."""
    f, v, i = (255 * image for image in (fused, visible, infrared))
    region = dark_flat_region(v, i)
    return _ratio(region * _detail(f).square(), region, region).sqrt()


def washed_out_region(visible: Tensor, infrared: Tensor) -> Tensor:
    """1 where infrared is brighter and the texture is the visible image's, else 0; grey levels, (B, 1, H, W)."""
    brighter = _local_mean(infrared) > _local_mean(visible) + BRIGHTER
    spread = _local_std(visible)
    return (brighter & (spread > TEXTURED) & (spread > _local_std(infrared))).to(visible.dtype)


def hot_region(visible: Tensor, infrared: Tensor) -> Tensor:
    """1 on what is brighter in infrared than around it and than in the visible image, else 0; grey levels."""
    base = _local_mean(infrared)
    stands_out = base > _local_mean(infrared, SURROUNDINGS) + HOTTER
    return (stands_out & (base > _local_mean(visible) + BRIGHTER)).to(visible.dtype)


def dark_flat_region(visible: Tensor, infrared: Tensor) -> Tensor:
    """1 where both sources are dark and flat, else 0; grey levels, (B, 1, H, W)."""
    dark = (_local_mean(visible) < DARK_VISIBLE) & (_local_mean(infrared) < DARK_INFRARED)
    return (dark & (_local_std(visible) < TEXTURED) & (_local_std(infrared) < TEXTURED)).to(visible.dtype)


def _ratio(above: Tensor, below: Tensor, region: Tensor) -> Tensor:
    above, below, size = (x.sum(dim=(-3, -2, -1)) for x in (above, below, region))
    return torch.where(size >= FEWEST_PIXELS, above / below.clamp(min=1e-6), torch.nan)


def _levels(image: Tensor) -> Tensor:
    return (image + 1) * 127.5


def _detail(image: Tensor) -> Tensor:
    return image - _local_mean(image)


def _local_mean(image: Tensor, window: int = WINDOW) -> Tensor:
    # Rows, then columns: the wide window would cost thousands of sums per pixel.
    half = window // 2
    rows = F.avg_pool2d(F.pad(image, (half, half, half, half), mode="replicate"), (window, 1), 1)
    return F.avg_pool2d(rows, (1, window), 1)


def _local_std(image: Tensor) -> Tensor:
    return (_local_mean(image * image) - _local_mean(image).square()).clamp(min=0).sqrt()
