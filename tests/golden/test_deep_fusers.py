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
from numpy.typing import NDArray
from PIL import Image
from torch import Tensor

from datasets.images import read_array, read_image, rgb_to_y, to_tensor
from diffif.fusers.base import Fuser
from diffif.fusers.deep.ifcnn import IFCNN
from diffif.fusers.deep.lutfuse import LUTFuse
from diffif.fusers.registry import build_fuser

TOLERANCE = 1e-4
PAIRS = ("00600D", "01102N")
CROP = (slice(112, 368), slice(192, 448))
# Odd sides, so that every padding is exercised.
ODD_CROP = (slice(112, 285), slice(192, 393))


@pytest.fixture(autouse=True)
def _weights(shared: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("DIFFIF_WEIGHTS", str(shared / "weights"))


def sources(shared: Path, pair: str, grey: str, crop: tuple[slice, slice] = CROP) -> tuple[Tensor, Tensor]:
    """Visible luma and infrared of the crop, the way the published code makes grey."""
    folder = shared / "data" / "msrs" / "test"
    if grey == "cv2":
        # Reading as grey is not reading colour and converting: the PNG library rounds in its own way.
        files = (str(folder / source / f"{pair}.png") for source in ("vi", "ir"))
        y, ir = (np.ascontiguousarray(cv2.imread(file, cv2.IMREAD_GRAYSCALE)[crop]) for file in files)
        return to_tensor(y, "grey"), to_tensor(ir, "grey")
    rgb = np.ascontiguousarray(read_array(folder / "vi" / f"{pair}.png")[crop])
    infrared = to_tensor(np.ascontiguousarray(read_array(folder / "ir" / f"{pair}.png")[crop]), "grey")
    if grey == "float":
        return rgb_to_y(to_tensor(rgb, "rgb")), infrared
    return to_tensor(as_grey(rgb, grey), "grey"), infrared


def as_grey(rgb: NDArray[np.uint8], rule: str) -> NDArray[np.uint8]:
    """8-bit luma: rounded by PIL, rounded by OpenCV ("convert"), or cut off ("truncated")."""
    if rule == "pil":
        return np.array(Image.fromarray(rgb).convert("L"))
    if rule == "truncated":
        return (rgb.astype(np.int64) @ (299, 587, 114) // 1000).astype(np.uint8)
    return np.asarray(cv2.cvtColor(rgb, cv2.COLOR_RGB2GRAY), dtype=np.uint8)


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
        ("lrrnet", "LRRNet", "", "pil"),
        ("sfdfusion", "SFDFusion", "", "float"),
        ("gifnet", "GIFNet", "", "truncated"),
        ("itfuse", "ITFuse", "", "pil"),
        ("ydtr", "YDTR", "", "pil"),
        ("auif", "AUIF", "_sum", "pil"),
        ("refusion", "ReFusion", "", "pil"),
        ("lightfusion3", "LightFusionNet3", "_batchstats", "float"),
    ],
)
def test_network_reproduces_the_published_output(
    shared: Path, pair: str, spec: str, method: str, suffix: str, grey: str
) -> None:
    ours = raw(build_fuser(spec), *sources(shared, pair, grey))
    torch.testing.assert_close(ours[0, 0], golden(shared, method, pair + suffix), atol=TOLERANCE, rtol=0)


@pytest.mark.parametrize(
    ("spec", "method", "grey"),
    [
        ("sage", "SAGE", "pil"),
        ("mmdrfuse", "MMDRFuse", "pil"),
        ("lrrnet", "LRRNet", "pil"),
        ("gifnet", "GIFNet", "truncated"),
    ],
)
def test_network_reproduces_the_published_output_at_odd_sides(shared: Path, spec: str, method: str, grey: str) -> None:
    ours = raw(build_fuser(spec), *sources(shared, "01102N", grey, ODD_CROP))
    torch.testing.assert_close(ours[0, 0], golden(shared, method, "01102N_odd"), atol=TOLERANCE, rtol=0)


@pytest.mark.parametrize("pair", PAIRS)
@pytest.mark.parametrize(
    ("spec", "method", "grey"),
    [("mmdrfuse", "MMDRFuse", "pil"), ("lrrnet", "LRRNet", "pil"), ("sfdfusion", "SFDFusion", "float")],
)
def test_published_stretching_is_the_default(shared: Path, pair: str, spec: str, method: str, grey: str) -> None:
    fuser = build_fuser(spec)
    ours = fuser._finish(raw(fuser, *sources(shared, pair, grey)))
    torch.testing.assert_close(ours[0, 0], golden(shared, method, f"{pair}_stretched"), atol=TOLERANCE, rtol=0)


@pytest.mark.parametrize("pair", PAIRS)
def test_sdnet_reproduces_the_published_output(shared: Path, pair: str) -> None:
    ours = raw(build_fuser("sdnet"), *sources(shared, pair, "pil"))
    # The golden array is in -1..1.
    torch.testing.assert_close(ours[0, 0], (golden(shared, "SDNet", pair) + 1) / 2, atol=TOLERANCE, rtol=0)


@pytest.mark.parametrize("pair", PAIRS)
def test_lutfuse_reproduces_the_published_luma_and_that_of_its_colour_image(shared: Path, pair: str) -> None:
    folder = shared / "data" / "msrs" / "test"
    rgb = to_tensor(np.ascontiguousarray(read_array(folder / "vi" / f"{pair}.png")[CROP]), "rgb")
    y, infrared = sources(shared, pair, "float")
    fuser = LUTFuse()
    with torch.inference_mode():
        ours = fuser.network(rgb, y, infrared)
    torch.testing.assert_close(ours[0, 0], golden(shared, "LUTFuse", pair), atol=TOLERANCE, rtol=0)
    colour = rgb_to_y(fuser.fuse(rgb, infrared))
    torch.testing.assert_close(colour[0, 0], golden(shared, "LUTFuse", f"{pair}_clamped"), atol=TOLERANCE, rtol=0)


def test_lutfuse_resized_as_its_loader_does_gives_the_published_output(shared: Path) -> None:
    folder = shared / "data" / "msrs" / "test"
    images = [Image.fromarray(read_array(folder / source / "01102N.png")[ODD_CROP]) for source in ("vi", "ir")]
    rgb, grey = (np.array(image.resize((192, 160), Image.Resampling.BILINEAR)) for image in images)
    with torch.inference_mode():
        visible = to_tensor(rgb, "rgb")
        ours = LUTFuse().network(visible, rgb_to_y(visible), to_tensor(grey, "grey"))
    torch.testing.assert_close(ours[0, 0], golden(shared, "LUTFuse", "01102N_odd"), atol=TOLERANCE, rtol=0)


def medical_pair(shared: Path) -> tuple[Tensor, Tensor]:
    """PET luma and MRI of one Harvard pair, PET read as grey by OpenCV as for the golden arrays."""
    folder = shared / "data" / "harvard" / "PET-MRI" / "test"
    pet = cv2.imread(str(folder / "PET" / "25015.png"), cv2.IMREAD_GRAYSCALE)
    return to_tensor(np.asarray(pet, dtype=np.uint8), "grey"), read_image(folder / "MRI" / "25015.png", "grey")


def test_matr_reproduces_the_published_output(shared: Path) -> None:
    ours = raw(build_fuser("matr"), *medical_pair(shared))
    torch.testing.assert_close(ours[0, 0], golden(shared, "MATR", "PET-MRI_test_25015"), atol=TOLERANCE, rtol=0)


def test_gesenet_differs_from_the_published_output_as_two_of_its_draws_differ(shared: Path) -> None:
    # The published command draws its masks with noise that has no seed: the golden array is one such draw.
    pair = medical_pair(shared)
    draws = torch.cat([raw(build_fuser(f"gesenet@seed={seed}"), *pair) for seed in range(6)])
    mean = draws.mean(dim=0)[0]
    spread = (draws[:, 0] - mean).abs().mean(dim=(1, 2))
    distance = (golden(shared, "GeSeNet", "PET-MRI_test_25015") - mean).abs().mean()
    assert distance < 1.3 * spread.max()
    assert distance * 255 < 0.3


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


@pytest.mark.slow
@pytest.mark.parametrize(
    ("spec", "method", "names", "tolerance"),
    [
        # 8-bit grey levels on average, after the published rounding; what is left are levels that rounding decides.
        ("datfuse", "DATFuse", ("vi.bmp", "ir.bmp", "fused.bmp"), 0.01),
        ("itfuse", "ITFuse", ("vi.bmp", "ir.bmp", "fused.bmp"), 0.01),
        ("ydtr", "YDTR", ("vi.bmp", "ir.bmp", "fused.bmp"), 0.01),
        ("auif", "AUIF", ("vi.bmp", "ir.bmp", "fused.png"), 0.01),
        ("lightfusion3", "LightFusionNet3", ("vi.png", "ir.png", "fused.png"), 0.05),
        ("matr", "MATR", ("SPECT.bmp", "MRI.bmp", "fused.bmp"), 1.0),
        # Drawn masks, see above.
        ("gesenet", "GeSeNet", ("vi.png", "ir.png", "fused.png"), 0.5),
    ],
)
def test_fused_image_is_the_one_that_the_authors_ship(
    shared: Path, spec: str, method: str, names: tuple[str, str, str], tolerance: float
) -> None:
    folder = shared / "weights" / method / "golden" / "published"
    visible, infrared = read_image(folder / names[0], "rgb"), read_image(folder / names[1], "grey")
    ours = build_fuser(spec).fuse(visible, infrared)
    eight_bit = (ours * 255).round() if spec in ("auif", "matr") else (ours * 255 + 1e-4).floor()
    published = read_image(folder / names[2], "rgb") * 255
    assert (eight_bit - published).abs().mean() < tolerance


@pytest.mark.slow
@pytest.mark.parametrize("image", ["01", "05"])
@pytest.mark.parametrize(
    # scipy's old imsave rounded halves up; LRRNet truncates.
    ("spec", "method", "offset", "tolerance"),
    [("lrrnet", "LRRNet", 1e-4, 0.01), ("sdnet", "SDNet", 0.5, 0.4)],
)
def test_fused_tno_image_is_the_one_that_the_authors_ship(
    shared: Path, image: str, spec: str, method: str, offset: float, tolerance: float
) -> None:
    tno = shared / "data" / "tno"
    visible, infrared = read_image(tno / "vi" / f"{image}.png", "rgb"), read_image(tno / "ir" / f"{image}.png", "grey")
    ours = rgb_to_y(build_fuser(spec).fuse(visible, infrared))
    published = read_image(shared / "weights" / method / "golden" / "published" / f"tno{image}.png", "grey") * 255
    assert ((ours * 255 + offset).floor() - published).abs().mean() < tolerance
