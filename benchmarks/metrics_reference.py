"""The `standard` definitions written plainly with numpy, scipy, scikit-image and scikit-learn, in float64.

Nothing is shared between metrics and nothing is tuned: this is what our numbers are checked against, and the time that
ours is compared with.
"""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray
from scipy.signal import convolve2d

Image = NDArray[np.float64]
TINY = 1e-10
NOISE_VARIANCE = 2.0
SOBEL_ACROSS = np.array([[-1, 0, 1], [-2, 0, 2], [-1, 0, 1]], dtype=np.float64)


def reference_scores(fused: Image, visible: Image, infrared: Image) -> dict[str, float]:
    """Eleven metrics of one image; the arguments hold whole grey levels 0..255."""
    from skimage.metrics import structural_similarity
    from sklearn.metrics import mutual_info_score

    sources = (visible, infrared)
    down, across = np.gradient(fused)
    error = np.mean([np.mean((fused - source) ** 2) for source in sources])
    with np.errstate(divide="ignore", invalid="ignore"):
        return {
            "en": entropy(fused),
            "sd": float(fused.std()),
            "sf": float(np.sqrt(np.mean(np.diff(fused, axis=0) ** 2) + np.mean(np.diff(fused, axis=1) ** 2))),
            "ag": float(np.mean(np.sqrt((down**2 + across**2) / 2))),
            "mi": sum(float(mutual_info_score(fused.ravel(), source.ravel())) for source in sources),
            "cc": float(np.mean([correlation(fused, source) for source in sources])),
            "scd": correlation(visible, fused - infrared) + correlation(infrared, fused - visible),
            "vif": sum(pixel_vif(source, fused) for source in sources),
            "qabf": edge_transfer(fused, sources),
            "ssim": sum(float(structural_similarity(fused, source, data_range=255)) for source in sources),
            "psnr": float(10 * np.log10(fused.max() ** 2 / error)),
        }


def entropy(image: Image) -> float:
    """In bits."""
    shares = np.bincount(image.astype(np.uint8).ravel(), minlength=256) / image.size
    return float(-np.sum(shares[shares > 0] * np.log2(shares[shares > 0])))


def correlation(a: Image, b: Image) -> float:
    """Pearson's; nan for a constant image."""
    a, b = a - a.mean(), b - b.mean()
    return float(np.sum(a * b) / np.sqrt(np.sum(a**2) * np.sum(b**2)))


def pixel_vif(reference: Image, distorted: Image) -> float:
    """Sheikh and Bovik's pixel-domain VIF at four scales."""
    kept, present = 0.0, 0.0
    for scale, size in enumerate((17, 9, 5, 3)):
        place = np.arange(size) - (size - 1) / 2
        bell = np.exp(-(place**2) / (2 * (size / 5) ** 2))
        window = np.outer(bell, bell) / np.sum(np.outer(bell, bell))
        if scale:
            reference, distorted = (convolve2d(x, window, mode="valid")[::2, ::2] for x in (reference, distorted))
        mean_r, mean_d = convolve2d(reference, window, mode="valid"), convolve2d(distorted, window, mode="valid")
        variance_r = np.maximum(convolve2d(reference**2, window, mode="valid") - mean_r**2, 0)
        variance_d = np.maximum(convolve2d(distorted**2, window, mode="valid") - mean_d**2, 0)
        covariance = convolve2d(reference * distorted, window, mode="valid") - mean_r * mean_d
        gain = covariance / (variance_r + TINY)
        residual = variance_d - gain * covariance
        flat = variance_r < TINY
        gain[flat], residual[flat], variance_r[flat] = 0, variance_d[flat], 0
        gain[variance_d < TINY], residual[variance_d < TINY] = 0, 0
        opposed = gain < 0
        residual[opposed], gain[opposed] = variance_d[opposed], 0
        residual = np.maximum(residual, TINY)
        kept += np.sum(np.log10(1 + gain**2 * variance_r / (residual + NOISE_VARIANCE)))
        present += np.sum(np.log10(1 + variance_r / NOISE_VARIANCE))
    return float(np.float64(kept) / np.float64(present))


def edges(image: Image) -> tuple[Image, Image]:
    """Sobel strength and orientation, zeros beyond the border."""
    across = convolve2d(image, SOBEL_ACROSS, mode="same")
    along = convolve2d(image, -SOBEL_ACROSS.T, mode="same")
    return np.sqrt(across**2 + along**2), np.where(across == 0, np.pi / 2, np.arctan(along / across))


def edge_transfer(fused: Image, sources: tuple[Image, Image]) -> float:
    """Xydeas and Petrovic's Qabf."""
    strength_f, orientation_f = edges(fused)
    kept, total = np.float64(0), np.float64(0)
    for source in sources:
        strength, orientation = edges(source)
        ratio = np.where(strength > strength_f, strength_f / strength, strength / strength_f)
        ratio = np.where(strength == strength_f, strength_f, ratio)
        alignment = 1 - np.abs(orientation - orientation_f) / (np.pi / 2)
        by_strength = 0.9994 / (1 + np.exp(-15 * (ratio - 0.5)))
        by_orientation = 0.9879 / (1 + np.exp(-22 * (alignment - 0.8)))
        kept += np.sum(by_strength * by_orientation * strength)
        total += np.sum(strength)
    return float(kept / total)
