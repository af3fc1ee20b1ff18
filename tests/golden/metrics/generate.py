"""Make the golden numbers of the metrics with programs that are not ours.

    python tests/golden/metrics/generate.py

Writes small images and `expected.json` beside this file: for each metric and convention the value, the program and
version that computed it, the call, and the tolerance that ours must keep. Needs scikit-image, scipy and scikit-learn,
which the suite's tests have, and piq, pytorch-msssim and pyrtools, which they have not:

    pip install --no-deps piq==0.8.0 pytorch-msssim==1.0.0 pyrtools
"""

from __future__ import annotations

import json
import math
from collections.abc import Callable, Iterator
from importlib.metadata import version
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

FOLDER = Path(__file__).resolve().parent
HEIGHT, WIDTH, SMALL = 176, 192, 64
EXACT, SINGLE = 1e-9, 2e-6
"""Relative tolerances: both sides in double precision; one of them in single precision."""

Image = NDArray[np.float64]


def make_images() -> dict[str, NDArray[np.uint8]]:
    """Grey images of smooth scenes with noise and an object that only one shows, and two small ones in colour."""
    from scipy.ndimage import gaussian_filter

    random = np.random.default_rng(2026)

    def scene(sigma: float) -> Image:
        x = gaussian_filter(random.standard_normal((HEIGHT, WIDTH)), sigma)
        return (x - x.min()) / (x.max() - x.min())

    shared = scene(12)
    channels = [0.5 * shared + 0.4 * scene(6) + 0.1 * scene(1) for _ in range(3)]
    visible = channels[1].copy()
    infrared = 0.6 * shared + 0.25 * scene(9) + 0.05 * scene(1)
    infrared[60:110, 70:100] += 0.35
    visible[20:50, 120:170] *= 0.5
    fused = np.maximum(0.55 * visible + 0.45 * infrared, 0.8 * infrared)
    colour = np.stack(channels, axis=-1)[:SMALL, :SMALL]
    images = {
        "visible": visible,
        "infrared": infrared,
        "fused": fused,
        "visible_colour": colour,
        "fused_colour": 0.7 * colour + 0.3 * infrared[:SMALL, :SMALL, None],
    }
    return {name: np.rint(np.clip(image, 0, 1) * 255).astype(np.uint8) for name, image in images.items()}


def entries(images: dict[str, NDArray[np.uint8]]) -> Iterator[tuple[str, str, float, str, str, float]]:
    """(metric, convention, value, package, call, relative tolerance)."""
    fused, *sources = (images[name].astype(np.float64) for name in ("fused", "visible", "infrared"))
    yield from _of_numpy(fused, sources)
    yield from _of_scikit_image(fused, sources, images)
    yield from _of_scikit_learn(fused, sources)
    yield from _of_torch_packages(fused, sources)
    yield "qm", "standard", _haar_details(fused, sources), "pyrtools", "WaveletPyramid('haar')", EXACT


def _of_numpy(fused: Image, sources: list[Image]) -> Iterator[tuple[str, str, float, str, str, float]]:
    from scipy.ndimage import sobel
    from scipy.special import rel_entr
    from scipy.stats import pearsonr

    visible, infrared = sources
    down, across = np.gradient(fused)
    squares = [np.mean(np.diff(fused, axis=axis) ** 2) for axis in (0, 1)]
    correlations = [pearsonr(fused.ravel(), source.ravel()).statistic for source in sources]
    added = [
        pearsonr((fused - other).ravel(), source.ravel()).statistic for source, other in (sources, reversed(sources))
    ]
    shares = [np.bincount(x.astype(int).ravel(), minlength=256) / x.size for x in (fused, visible, infrared)]
    distances = [rel_entr(p, shares[0])[(p > 0) & (shares[0] > 0)].sum() / math.log(2) for p in shares[1:]]
    strength = np.hypot(sobel(fused, axis=0, mode="nearest"), sobel(fused, axis=1, mode="nearest"))
    yield "sd", "standard", float(fused.std()), "numpy", "std", EXACT
    yield "ag", "standard", float(np.sqrt((down**2 + across**2) / 2).mean()), "numpy", "gradient", SINGLE
    yield "sf", "standard", float(np.sqrt(sum(squares))), "numpy", "diff", SINGLE
    yield "cc", "standard", float(np.mean(correlations)), "scipy", "stats.pearsonr", EXACT
    yield "scd", "standard", float(sum(added)), "scipy", "stats.pearsonr of differences", EXACT
    yield "ce", "standard", float(np.mean(distances)), "scipy", "special.rel_entr", EXACT
    yield "ei", "standard", float(strength.mean()), "scipy", "ndimage.sobel(mode='nearest')", SINGLE


def _of_scikit_image(
    fused: Image, sources: list[Image], images: dict[str, NDArray[np.uint8]]
) -> Iterator[tuple[str, str, float, str, str, float]]:
    from skimage.color import deltaE_ciede2000, rgb2lab
    from skimage.measure import shannon_entropy
    from skimage.metrics import mean_squared_error, structural_similarity

    def ssim(**options: object) -> float:
        return float(sum(structural_similarity(fused, source, **options) for source in sources))

    gaussian = {"gaussian_weights": True, "sigma": 1.5, "use_sample_covariance": False}
    error = float(np.mean([mean_squared_error(fused, source) for source in sources]))
    colours = [rgb2lab(images[name] / 255) for name in ("fused_colour", "visible_colour")]
    package = "scikit-image"
    yield "en", "standard", float(shannon_entropy(fused, base=2)), package, "measure.shannon_entropy", EXACT
    yield "mse", "standard", error, package, "metrics.mean_squared_error", EXACT
    yield "rmse", "standard", math.sqrt(error), package, "metrics.mean_squared_error", EXACT
    yield "psnr", "standard", 10 * math.log10(fused.max() ** 2 / error), package, "metrics.mean_squared_error", EXACT
    yield "ssim", "standard", ssim(data_range=255), package, "metrics.structural_similarity", SINGLE
    yield "ssim", "cddfuse", ssim(data_range=2), package, "metrics.structural_similarity(data_range=2)", SINGLE
    yield "ssim", "vifb", ssim(data_range=255, **gaussian), package, f"structural_similarity({gaussian})", EXACT
    yield "ssim", "ivif-zoo", ssim(data_range=1, **gaussian), package, "as for vifb, data_range=1", EXACT
    difference = float(deltaE_ciede2000(*colours).mean())
    # Its matrix from sRGB to XYZ is printed with other digits.
    yield "delta_e2000", "standard", difference, package, "color.deltaE_ciede2000", 1e-4


def _of_scikit_learn(fused: Image, sources: list[Image]) -> Iterator[tuple[str, str, float, str, str, float]]:
    from sklearn.metrics import mutual_info_score, normalized_mutual_info_score

    flat = [x.astype(int).ravel() for x in (fused, *sources)]
    information = sum(float(mutual_info_score(flat[0], source)) for source in flat[1:])
    normalized = sum(float(normalized_mutual_info_score(flat[0], source)) for source in flat[1:])
    package = "scikit-learn"
    yield "mi", "standard", information, package, "metrics.mutual_info_score", EXACT
    yield "mi", "ivif-zoo", information / math.log(2), package, "metrics.mutual_info_score, in bits", EXACT
    yield "nmi", "standard", normalized, package, "metrics.normalized_mutual_info_score", EXACT


def _of_torch_packages(fused: Image, sources: list[Image]) -> Iterator[tuple[str, str, float, str, str, float]]:
    import piq
    import pytorch_msssim
    import torch

    f, *others = (torch.from_numpy(x)[None, None] for x in (fused, *sources))

    def combined(score: Callable[..., torch.Tensor], **options: object) -> list[float]:
        return [float(score(f, other, **options)) for other in others]

    fidelity = [float(piq.vif_p(f, other, sigma_n_sq=2.0, data_range=255.0)) for other in others]
    yield "vif", "standard", sum(fidelity), "piq", "vif_p", 1e-6
    yield "vif", "vf-bench", float(np.mean(fidelity)), "piq", "vif_p, mean of the sources", 1e-6
    features = combined(piq.fsim, data_range=255.0, chromatic=False)
    # It keeps a part of its filters in single precision.
    yield "fsim", "standard", float(np.mean(features)), "piq", "fsim(chromatic=False)", 2e-6
    scales = combined(pytorch_msssim.ms_ssim, data_range=255.0)
    yield "ms_ssim", "standard", sum(scales), "pytorch-msssim", "ms_ssim(data_range=255)", SINGLE


def _haar_details(fused: Image, sources: list[Image]) -> float:
    from pyrtools.pyramids import WaveletPyramid

    pyramids = [WaveletPyramid(x, height=4, filter_name="haar", edge_type="reflect1") for x in (fused, *sources)]
    result = 1.0
    for level, power in enumerate((2 / 3, 1 / 3)):
        own, *others = (np.stack([p.pyr_coeffs[level, band] for band in range(3)]) for p in pyramids)
        weights = [(bands**2).sum(axis=0) for bands in others]
        kept = [np.exp(-np.abs(bands - own)).sum(axis=0) for bands in others]
        result *= float(sum((k * w).sum() for k, w in zip(kept, weights, strict=True)) / np.sum(weights)) ** power
    return result


def main() -> None:
    """Write the images and the numbers."""
    import cv2

    images = make_images()
    for name, image in images.items():
        stored = image[..., ::-1] if image.ndim == 3 else image
        assert cv2.imwrite(str(FOLDER / f"{name}.png"), np.ascontiguousarray(stored))
    numbers = [
        {
            "metric": metric,
            "convention": convention,
            "value": value,
            "program": f"{package} {version(package)}",
            "call": call,
            "tolerance": tolerance,
        }
        for metric, convention, value, package, call, tolerance in entries(images)
    ]
    (FOLDER / "expected.json").write_text(json.dumps(numbers, indent=1) + "\n", encoding="utf-8")


if __name__ == "__main__":
    main()
