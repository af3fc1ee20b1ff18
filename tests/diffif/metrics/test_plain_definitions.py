"""Metrics beyond the usual table against their definitions written plainly, pixel by pixel, or against a library."""

from __future__ import annotations

import math

import numpy as np
import pytest
import torch
from numpy.typing import NDArray
from scipy.ndimage import correlate, gaussian_filter
from scipy.signal import convolve2d

from diffif.metrics import evaluate
from diffif.metrics.derived.features import cosine_transform
from diffif.metrics.derived.patches import patch_structure
from tests.contracts.metric_contract import make_triple

Image = NDArray[np.float64]


def _levels(image: torch.Tensor) -> Image:
    return np.rint(image[0, 0].double().numpy() * 255)


def _score(name: str, convention: str, *images: torch.Tensor) -> float:
    return evaluate(*images, metrics=(name,), convention=convention)[name].item()


def test_gaussian_ssim_equals_scikit_image() -> None:
    from skimage.metrics import structural_similarity

    images = make_triple(40, 52)
    fused, *sources = (_levels(image) for image in images)
    options = {"data_range": 255, "gaussian_weights": True, "sigma": 1.5, "use_sample_covariance": False}
    expected = sum(structural_similarity(fused, source, **options) for source in sources)
    assert _score("ssim", "vifb", *images) == pytest.approx(expected, rel=1e-9)


def test_replicated_border_ssim_equals_its_definition() -> None:
    images = make_triple(40, 52)
    fused, *sources = (_levels(image) for image in images)

    def blur(x: Image) -> Image:
        return gaussian_filter(x, 1.5, mode="nearest", radius=5)

    total = 0.0
    for source in sources:
        # The border is continued before products are formed, which for a replicated border is the same.
        mean_a, mean_b = blur(fused), blur(source)
        variances = blur(fused**2) - mean_a**2 + blur(source**2) - mean_b**2
        covariance = blur(fused * source) - mean_a * mean_b
        c1, c2 = 0.01**2, 0.03**2
        total += np.mean(
            (2 * mean_a * mean_b + c1) * (2 * covariance + c2) / ((mean_a**2 + mean_b**2 + c1) * (variances + c2))
        )
    assert _score("ssim", "tang", *images) == pytest.approx(total / 2, rel=1e-9)


def test_multi_scale_ssim_equals_its_definition_with_scikit_image_at_the_coarsest_scale() -> None:
    from skimage.metrics import structural_similarity

    images = make_triple(176, 176)
    fused, *sources = (_levels(image) for image in images)
    inside = np.s_[5:-5, 5:-5]

    def blur(x: Image) -> Image:
        return gaussian_filter(x, 1.5, radius=5)[inside]

    total = 0.0
    for source in sources:
        a, b, product = fused, source, 1.0
        for weight in (0.0448, 0.2856, 0.3001, 0.2363):
            covariance = blur(a * b) - blur(a) * blur(b)
            variances = blur(a**2) - blur(a) ** 2 + blur(b**2) - blur(b) ** 2
            c2 = (0.03 * 255) ** 2
            product *= np.mean((2 * covariance + c2) / (variances + c2)) ** weight
            a, b = (x.reshape(x.shape[0] // 2, 2, x.shape[1] // 2, 2).mean(axis=(1, 3)) for x in (a, b))
        options = {"data_range": 255, "gaussian_weights": True, "sigma": 1.5, "use_sample_covariance": False}
        total += product * structural_similarity(a, b, **options) ** 0.1333
    assert _score("ms_ssim", "standard", *images) == pytest.approx(total, rel=1e-9)


def test_mef_ssim_equals_its_definition_patch_by_patch() -> None:
    fused, *sources = (_levels(image)[:16, :18] for image in make_triple(40, 52))
    place = np.arange(11) - 5
    bell = np.exp(-(place**2) / 4.5)
    window = np.outer(bell, bell) / np.outer(bell, bell).sum()
    values = []
    for row in range(6):
        for column in range(8):
            part = np.s_[row : row + 11, column : column + 11]
            patches = [source[part] - source[part].mean() for source in sources]
            norms = [np.linalg.norm(patch) for patch in patches]
            consistency = np.linalg.norm(patches[0] + patches[1]) / sum(norms)
            power = min(math.tan(math.pi / 2 * consistency), 10)
            weights = [((norm + 0.001) / 11) ** power for norm in norms]
            mixed = sum(w / sum(weights) * p / (n + 0.001) for w, p, n in zip(weights, patches, norms, strict=True))
            wished = mixed / np.linalg.norm(mixed) * (max(norms) + 0.001)
            a, b = wished - (window * wished).sum(), fused[part] - (window * fused[part]).sum()
            c = (0.03 * 255) ** 2
            shared, spread = (window * a * b).sum(), (window * (a**2 + b**2)).sum()
            values.append((2 * shared + c) / (spread + c))
    tensors = [torch.from_numpy(image).unsqueeze(0) for image in (fused, *sources)]
    assert patch_structure(tensors[0], tensors[1:]).item() == pytest.approx(np.mean(values), rel=1e-9)


def _window_information(a: Image, f: Image) -> float:
    if np.array_equal(a, f):
        return 1.0
    shares = []
    for window in (a, f):
        spread = window.max() - window.min()
        stretched = (window - window.min()) / spread if spread else np.ones(9)
        shares.append(stretched / stretched.sum())
    p, q = shares
    steps_p, steps_q = np.cumsum(p), np.cumsum(q)
    constant = np.ptp(p) == 0 or np.ptp(q) == 0
    correlation = 0.0 if constant else float(np.corrcoef(p, q)[0, 1])
    places = np.arange(1, 10)
    deviations = [math.sqrt((s * places**2).sum() - (s * places).sum() ** 2) for s in (p, q)]
    grid = np.zeros((10, 10))
    for i in range(9):
        for j in range(9):
            upper, lower = min(steps_q[i], steps_p[j]), max(steps_q[i] + steps_p[j] - 1, 0)
            grid[i + 1, j + 1] = upper if correlation >= 0 else lower
    reach = (grid[1:, 1:] - np.outer(steps_q, steps_p)).sum() / (deviations[0] * deviations[1])
    mixing = correlation / reach if correlation else 0.0
    joint = mixing * np.diff(np.diff(grid, axis=0), axis=1) + (1 - mixing) * np.outer(q, p)
    joint_entropy = -sum(value * math.log2(abs(value)) for value in joint.ravel() if value != 0)
    own = -sum(value * math.log2(value) for share in shares for value in share if value > 0)
    return 2 * (own - joint_entropy) / own


@pytest.mark.parametrize("feature", ["pixel", "gradient", "dct"])
def test_feature_information_equals_its_definition_window_by_window(feature: str) -> None:
    images = make_triple(14, 17)
    images[1][..., 4:9, 4:9] = 0.5
    features = [_levels(image) for image in images]
    if feature == "gradient":
        features = [np.gradient(image)[1] for image in features]
    if feature == "dct":
        features = [cosine_transform(torch.from_numpy(image)).numpy() for image in features]
    values = []
    for row in range(12):
        for column in range(15):
            own, *others = (image[row : row + 3, column : column + 3].ravel(order="F") for image in features)
            values.append(np.mean([_window_information(other, own) for other in others]))
    assert _score(f"fmi_{feature}", "standard", *images) == pytest.approx(np.mean(values), rel=1e-6)


def test_the_cosine_transform_equals_scipy() -> None:
    from scipy.fft import dctn

    x = np.random.default_rng(0).random((13, 18))
    np.testing.assert_allclose(cosine_transform(torch.from_numpy(x)).numpy(), dctn(x, norm="ortho"), atol=1e-12)


def test_artefacts_equal_their_definition() -> None:
    images = make_triple(30, 34)
    kernel = np.array([[-1, 0, 1], [-2, 0, 2], [-1, 0, 1]]) / 8
    strengths, angles = [], []
    for image in images:
        across = correlate(_levels(image), kernel, mode="mirror")
        down = correlate(_levels(image), kernel.T, mode="mirror")
        strengths.append(np.hypot(across, down))
        angles.append(np.arctan2(across, down + 1e-300))
    lost, total = 0.0, 0.0
    artefact = (strengths[0] > strengths[1]) & (strengths[0] > strengths[2])
    for strength, angle in zip(strengths[1:], angles[1:], strict=True):
        ratio = np.minimum(strength, strengths[0]) / np.maximum(np.maximum(strength, strengths[0]), 1e-300)
        folded = [np.arctan(np.tan(value)) for value in (angle, angles[0])]
        alignment = np.abs(np.abs(folded[0] - folded[1]) - np.pi / 2) * 2 / np.pi
        kept = 0.9999 / (1 + np.exp(-19 * (ratio - 0.5))) * 0.9995 / (1 + np.exp(-22 * (alignment - 0.5)))
        weight = np.where(strength >= 2, strength**1.5, 0.001)
        lost += (artefact * (1 - np.sqrt(kept)) * weight).sum()
        total += weight.sum()
    assert _score("nabf", "standard", *images) == pytest.approx(lost / total, rel=1e-6)


def test_cross_entropy_and_normalised_information_equal_their_definitions() -> None:
    images = make_triple(60, 64)
    fused, *sources = (_levels(image).astype(int).ravel() for image in images)
    own = np.bincount(fused, minlength=256) / fused.size
    distances, information = [], []
    for source in sources:
        shares = np.bincount(source, minlength=256) / source.size
        both = (shares > 0) & (own > 0)
        distances.append((shares[both] * np.log2(shares[both] / own[both])).sum())
        joint = np.histogram2d(fused, source, bins=256, range=((0, 256), (0, 256)))[0] / fused.size
        entropies = [-(p[p > 0] * np.log(p[p > 0])).sum() for p in (own, shares, joint)]
        information.append((entropies[0] + entropies[1] - entropies[2]) / (entropies[0] + entropies[1]))
    assert _score("ce", "standard", *images) == pytest.approx(np.mean(distances), rel=1e-9)
    assert _score("nmi", "standard", *images) == pytest.approx(2 * sum(information), rel=1e-9)


def test_quality_index_of_piella_equals_its_definition() -> None:
    images = make_triple(20, 22)
    images[1][..., :12, :12] = 51 / 255
    images[2][..., :12, :12] = 102 / 255
    box = np.ones((8, 8)) / 64
    fused, *sources = (_levels(image) for image in images)

    def mean(x: Image) -> Image:
        return convolve2d(x, box, mode="valid")

    variances = [np.maximum(mean(x**2) - mean(x) ** 2, 0).round(9) for x in (fused, *sources)]
    quality = []
    for source, variance in zip(sources, variances[1:], strict=True):
        spread = variances[0] + variance
        contrast = np.ones_like(spread)
        covariance = mean(fused * source) - mean(fused) * mean(source)
        contrast[spread > 0] = 2 * covariance[spread > 0] / spread[spread > 0]
        quality.append(contrast * 2 * mean(fused) * mean(source) / (mean(fused) ** 2 + mean(source) ** 2))
    both = variances[1] + variances[2]
    share = np.where(both > 0, variances[1] / np.where(both > 0, both, 1), 0.5)
    mixed = share * quality[0] + (1 - share) * quality[1]
    weight = np.maximum(variances[1], variances[2])
    assert _score("qo", "standard", *images) == pytest.approx(mixed.mean(), rel=1e-6)
    assert _score("qw", "standard", *images) == pytest.approx((weight * mixed).sum() / weight.sum(), rel=1e-6)
