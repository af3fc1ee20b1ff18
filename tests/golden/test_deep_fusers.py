"""Networks with published weights give the output that their authors' code gives.

The golden arrays are the published code's raw output, float32 on a CPU, for two MSRS pairs cropped to 256x256; how
each was made stands beside it in the shared data. Tolerance 1e-4: other convolution order, no other difference.
"""

from __future__ import annotations

from pathlib import Path

import cv2
import numpy as np
import pytest
import torch
from PIL import Image
from torch import Tensor

from datasets.images import read_array, read_image, rgb_to_y, to_tensor
from diffif.fusers.base import Fuser
from diffif.fusers.deep.ifcnn import IFCNN
from diffif.fusers.registry import build_fuser

TOLERANCE = 1e-4
PAIRS = ("00600D", "01102N")
CROP = (slice(112, 368), slice(192, 448))


@pytest.fixture(autouse=True)
def _weights(shared: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("DIFFIF_WEIGHTS", str(shared / "weights"))


def sources(shared: Path, pair: str, grey: str) -> tuple[Tensor, Tensor]:
    """Visible luma and infrared of the crop, the way the published code makes grey."""
    folder = shared / "data" / "msrs" / "test"
    if grey == "cv2":
        # Reading as grey is not reading colour and converting: the PNG library rounds in its own way.
        files = (str(folder / source / f"{pair}.png") for source in ("vi", "ir"))
        y, ir = (np.ascontiguousarray(cv2.imread(file, cv2.IMREAD_GRAYSCALE)[CROP]) for file in files)
        return to_tensor(y, "grey"), to_tensor(ir, "grey")
    rgb = np.ascontiguousarray(read_array(folder / "vi" / f"{pair}.png")[CROP])
    infrared = np.ascontiguousarray(read_array(folder / "ir" / f"{pair}.png")[CROP])
    if grey == "float":
        return rgb_to_y(to_tensor(rgb, "rgb")), to_tensor(infrared, "grey")
    eight_bit = np.array(Image.fromarray(rgb).convert("L")) if grey == "pil" else cv2.cvtColor(rgb, cv2.COLOR_RGB2GRAY)
    return to_tensor(eight_bit, "grey"), to_tensor(infrared, "grey")


def golden(shared: Path, method: str, name: str) -> Tensor:
    return torch.from_numpy(np.load(shared / "weights" / method / "golden" / f"{name}.npy"))


def raw(fuser: Fuser, y: Tensor, infrared: Tensor) -> Tensor:
    with torch.inference_mode():
        return torch.cat([fuser._fuse_luma(a, b) for a, b in zip(y.split(1), infrared.split(1), strict=True)])


@pytest.mark.parametrize("pair", PAIRS)
@pytest.mark.parametrize(
    ("spec", "method", "suffix", "grey"),
    [
        ("tardal", "TarDAL", "_tardal_batchstats", "convert"),
        ("tardal@statistics=stored", "TarDAL", "_tardal_eval", "convert"),
        ("tardal+", "TarDAL", "_tardal+_eval", "convert"),
        ("tardal++", "TarDAL", "_tardal++_eval", "convert"),
        ("u2fusion", "U2Fusion", "_ir_vi", "pil"),
        ("ifcnn", "IFCNN", "_gray", "cv2"),
        ("didfuse", "DIDFuse", "_l1", "float"),
        ("didfuse@rule=sum", "DIDFuse", "_sum", "float"),
        ("seafusion", "SeAFusion", "", "float"),
        ("sage", "SAGE", "", "pil"),
        ("mmdrfuse", "MMDRFuse", "", "pil"),
        ("datfuse", "DATFuse", "", "pil"),
    ],
)
def test_network_reproduces_the_published_output(
    shared: Path, pair: str, spec: str, method: str, suffix: str, grey: str
) -> None:
    ours = raw(build_fuser(spec), *sources(shared, pair, grey))
    torch.testing.assert_close(ours[0, 0], golden(shared, method, pair + suffix), atol=TOLERANCE, rtol=0)


@pytest.mark.parametrize("pair", PAIRS)
def test_densefuse_reproduces_the_published_output(shared: Path, pair: str) -> None:
    ours = raw(build_fuser("densefuse"), *sources(shared, pair, "pil"))
    # The golden array is in 0..510; 1e-4 of the unit range.
    torch.testing.assert_close(ours[0, 0], golden(shared, "DenseFuse", f"{pair}_255") / 255, atol=TOLERANCE, rtol=0)


@pytest.mark.parametrize("pair", PAIRS)
def test_ifcnn_reproduces_all_three_channels(shared: Path, pair: str) -> None:
    with torch.inference_mode():
        ours = IFCNN().fuse_channels(*sources(shared, pair, "cv2"))
    torch.testing.assert_close(ours[0], golden(shared, "IFCNN", f"{pair}_3ch"), atol=TOLERANCE, rtol=0)


def test_u2fusion_takes_infrared_first(shared: Path) -> None:
    y, infrared = sources(shared, PAIRS[0], "pil")
    swapped = raw(build_fuser("u2fusion"), infrared, y)
    torch.testing.assert_close(swapped[0, 0], golden(shared, "U2Fusion", f"{PAIRS[0]}_vi_ir"), atol=TOLERANCE, rtol=0)


@pytest.mark.slow
@pytest.mark.parametrize(
    ("spec", "folder", "image", "tolerance"),
    [
        # The published images were truncated to 8 bit, which alone costs 0.5 of 255 on average.
        ("ifcnn", "IFCNN", "08", 0.75),
        ("u2fusion", "U2Fusion", "01", 0.75),
        ("densefuse", "DenseFuse", "01", 0.75),
        ("seafusion", "SeAFusion", "01", 0.75),
        ("seafusion", "SeAFusion", "10", 0.75),
    ],
)
def test_fused_image_is_the_one_published_for_tno(
    shared: Path, spec: str, folder: str, image: str, tolerance: float
) -> None:
    tno = shared / "data" / "tno"
    visible, infrared = read_image(tno / "vi" / f"{image}.png", "rgb"), read_image(tno / "ir" / f"{image}.png", "grey")
    published = read_image(tno / "candidates" / folder / f"{image}.png", "grey")
    ours = rgb_to_y(build_fuser(spec).fuse(visible, infrared))
    assert (ours - published).abs().mean() * 255 < tolerance


@pytest.mark.slow
@pytest.mark.parametrize("pair", ["00600D", "01102N", "00191D"])
def test_seafusion_gives_the_published_colour_image(shared: Path, pair: str) -> None:
    msrs = shared / "data" / "msrs" / "test"
    visible, infrared = read_image(msrs / "vi" / f"{pair}.png", "rgb"), read_image(msrs / "ir" / f"{pair}.png", "grey")
    published = read_image(shared / "weights/SeAFusion/golden/published_rgb" / f"{pair}.png", "rgb")
    ours = build_fuser("seafusion").fuse(visible, infrared)
    # Truncation to 8 bit, and a chroma conversion with rounded factors.
    assert (ours - published).abs().mean() * 255 < 1.5
