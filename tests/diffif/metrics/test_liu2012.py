"""The metrics of the `liu2012` toolkit against their definitions written plainly in numpy, scipy and PyWavelets.

The toolkit is MATLAB and publishes no numbers; no outside number of it stands behind these tests but that of QM, whose
Haar decomposition is checked against pyrtools in `tests/golden/metrics`.
"""

from __future__ import annotations

import math

import numpy as np
import pytest
import torch
from numpy.typing import NDArray
from scipy.signal import correlate2d

from diffif.metrics import evaluate, metrics_of
from tests.contracts.metric_contract import make_triple

Image = NDArray[np.float64]
TINY = 2e-16
PLACE = np.arange(7) - 3
WINDOW = np.outer(np.exp(-(PLACE**2) / 4.5), np.exp(-(PLACE**2) / 4.5))
WINDOW /= WINDOW.sum()


@pytest.fixture(scope="module")
def images() -> tuple[torch.Tensor, ...]:
    return make_triple(46, 53)


def levels(image: torch.Tensor) -> Image:
    return np.rint(image[0, 0].double().numpy() * 255)


def stretched(image: torch.Tensor) -> NDArray[np.int64]:
    x = levels(image)
    return np.floor((x - x.min()) / (x.max() - x.min()) * 255 + 0.5).astype(int)


def joint(a: NDArray[np.int64], b: NDArray[np.int64]) -> Image:
    return np.histogram2d(a.ravel(), b.ravel(), bins=256, range=((0, 256), (0, 256)))[0] / a.size


def bits(shares: Image) -> float:
    return float(-(shares[shares > 0] * np.log2(shares[shares > 0])).sum())


def information(a: NDArray[np.int64], b: NDArray[np.int64]) -> float:
    h = joint(a, b)
    return bits(h.sum(axis=0)) + bits(h.sum(axis=1)) - bits(h)


def score(name: str, images: tuple[torch.Tensor, ...], convention: str = "liu2012") -> float:
    return evaluate(*images, metrics=(name,), convention=convention)[name].item()


def test_the_toolkit_prints_twelve_metrics() -> None:
    assert set(metrics_of("liu2012")) == {
        "nmi", "qte", "qncie", "qabf", "qm", "qsf", "qp", "qo", "qc", "qy", "qcv", "qcb",
    }  # fmt: skip


def test_normalised_information_is_counted_on_stretched_images(images: tuple[torch.Tensor, ...]) -> None:
    fused, *sources = (stretched(image) for image in images)
    entropies = [bits(np.bincount(x.ravel(), minlength=256) / x.size) for x in (fused, *sources)]
    expected = sum(2 * information(s, fused) / (entropies[0] + h) for s, h in zip(sources, entropies[1:], strict=True))
    assert score("nmi", images) == pytest.approx(expected, rel=1e-9)


def tsallis(a: NDArray[np.int64], b: NDArray[np.int64], order: float) -> float:
    h = joint(a, b)
    total = 0.0
    for i, p in enumerate(h.sum(axis=1)):
        for j, q in enumerate(h.sum(axis=0)):
            if p * q:
                total += h[i, j] ** order / (p * q) ** (order - 1)
    return float((1 - total) / (1 - order))


def test_tsallis_information_is_summed_or_of_another_order_a_share(images: tuple[torch.Tensor, ...]) -> None:
    fused, visible, infrared = (stretched(image) for image in images)
    summed = tsallis(visible, fused, 1.85) + tsallis(infrared, fused, 1.85)
    assert score("qte", images, "standard") == pytest.approx(summed, rel=1e-9)
    q = 0.43137
    held = sum(bits(np.bincount(x.ravel(), minlength=256) / x.size) ** q for x in (visible, infrared))
    share = (tsallis(visible, fused, q) + tsallis(infrared, fused, q)) / (held + tsallis(visible, infrared, q))
    assert score("qte", images) == pytest.approx(share, rel=1e-9)


def test_nonlinear_correlation_information_entropy(images: tuple[torch.Tensor, ...]) -> None:
    planes = [stretched(image) for image in images]
    matrix = np.array([[1.0 if a is b else information(a, b) / 8 for b in planes] for a in planes])
    shares = np.linalg.eigvals(matrix).real / 3
    expected = 1 + (shares * np.log2(shares)).sum() / 8
    assert score("qncie", images) == pytest.approx(expected, rel=1e-12)
    image = images[1]
    assert 0.8 < score("qncie", (image, image, image)) <= 1


def test_preservation_of_haar_details(images: tuple[torch.Tensor, ...]) -> None:
    import pywt

    fused, *sources = (levels(image)[:44, :52] for image in images)
    expected = 1.0
    for power in (2 / 3, 1 / 3):
        decomposed = [pywt.dwt2(x, "haar") for x in (fused, *sources)]
        own, *others = (np.stack(bands) for _, bands in decomposed)
        weights = [(bands**2).sum(axis=0) for bands in others]
        kept = [np.exp(-np.abs(bands - own)).sum(axis=0) for bands in others]
        expected *= (sum((k * w).sum() for k, w in zip(kept, weights, strict=True)) / np.sum(weights)) ** power
        fused, *sources = (smooth for smooth, _ in decomposed)
    cropped = tuple(image[..., :44, :52] for image in images)
    assert score("qm", cropped) == pytest.approx(expected, rel=1e-9)
    odd = tuple(image[..., :45, :53] for image in images)
    assert score("qm", odd) == pytest.approx(expected, rel=1e-9)


def test_identical_images_keep_every_detail_and_one_grey_level_of_noise_costs_most_of_them() -> None:
    image = make_triple(32, 32)[1]
    assert score("qm", (image, image, image)) == pytest.approx(3)
    noise = torch.randint(-1, 2, image.shape, generator=torch.Generator().manual_seed(0)) / 255
    assert score("qm", ((image + noise).clamp(0, 1), image, image)) < 2.2


def test_relative_error_of_spatial_frequency(images: tuple[torch.Tensor, ...]) -> None:
    fused, visible, infrared = (levels(image) for image in images)
    height, width = fused.shape
    own, reference = 0.0, 0.0
    for down, right, weight in ((0, 1, 1.0), (1, 0, 1.0), (1, 1, math.sqrt(0.5)), (1, -1, math.sqrt(0.5))):
        for i in range(height - down):
            for j in range(max(0, -right), width - max(0, right)):
                differences = [x[i + down, j + right] - x[i, j] for x in (fused, visible, infrared)]
                own += weight * differences[0] ** 2
                reference += weight * max(abs(differences[1]), abs(differences[2])) ** 2
    expected = (math.sqrt(own) - math.sqrt(reference)) / math.sqrt(reference)
    assert score("qsf", images) == pytest.approx(expected, rel=1e-9)
    assert score("qsf", (images[1], images[1], images[1])) == 0


def bare_ssim(a: Image, b: Image) -> tuple[Image, Image, Image, Image]:
    def mean(x: Image) -> Image:
        return correlate2d(x, WINDOW, mode="valid")

    va, vb, cov = mean(a * a) - mean(a) ** 2, mean(b * b) - mean(b) ** 2, mean(a * b) - mean(a) * mean(b)
    luminance = (2 * mean(a) * mean(b) + TINY) / (mean(a) ** 2 + mean(b) ** 2 + TINY)
    return luminance * (2 * cov + TINY) / (va + vb + TINY), va, vb, cov


def test_structure_by_agreement_of_the_sources_and_by_covariance(images: tuple[torch.Tensor, ...]) -> None:
    for blend in (0.0, 0.8):
        visible, infrared = images[1], (images[2] * (1 - blend) + images[1] * blend).mul(255).round() / 255
        triple = (images[0], visible, infrared)
        f, a, b = (levels(image) for image in triple)
        between, va, vb, _ = bare_ssim(a, b)
        of_a, of_b = bare_ssim(a, f), bare_ssim(b, f)
        share = va / (va + vb)
        agreeing = between >= 0.75
        assert agreeing.any() == (blend > 0)
        local = np.where(agreeing, share * of_a[0] + (1 - share) * of_b[0], np.maximum(of_a[0], of_b[0]))
        assert score("qy", triple) == pytest.approx(local.mean(), rel=1e-6)
        weight = of_a[3] / (of_a[3] + of_b[3])
        clipped = weight.clip(0, 1)
        local = clipped * of_a[0] + (1 - clipped) * of_b[0]
        assert score("qc", triple, "standard") == pytest.approx(local.mean(), rel=1e-6)
        local[weight < 0], local[weight > 1] = 0, 1
        assert score("qc", triple) == pytest.approx(local.mean(), rel=1e-6)


def test_flat_places_count_half_for_each_source_and_never_make_nan() -> None:
    fused, visible, infrared = make_triple(40, 40)
    for image, level in ((fused, 0.4), (visible, 0.2), (infrared, 0.0)):
        image[..., 5:30, 5:30] = round(level * 255) / 255
    for name in ("qy", "qc"):
        for convention in ("standard", "liu2012"):
            assert math.isfinite(score(name, (fused, visible, infrared), convention))


def test_local_edge_transfer(images: tuple[torch.Tensor, ...]) -> None:
    across = np.array([[-1, 0, 1], [-2, 0, 2], [-1, 0, 1]])
    edges = []
    for image in images:
        x, y = (correlate2d(levels(image), kernel, mode="same") for kernel in (across, across.T))
        strength = np.hypot(x, y)
        x = np.where(x == 0, 1e-5, x)
        edges.append((np.where(strength == 0, 1e-5, strength), np.arctan(y / x)))
    own, *sources = edges
    kept, total = 0.0, 0.0
    for strength, angle in sources:
        ratio = np.minimum(strength, own[0]) / np.maximum(strength, own[0])
        alignment = np.abs(np.abs(angle - own[1]) - np.pi / 2) * 2 / np.pi
        local = 1 / (1 + np.exp(-10 * (ratio - 0.5))) / (1 + np.exp(-20 * (alignment - 0.75)))
        kept, total = kept + local * strength, total + strength
    assert score("qabf", images) == pytest.approx((kept / total).mean(), rel=1e-9)


def test_quality_index_is_made_of_the_usual_ssim(images: tuple[torch.Tensor, ...]) -> None:
    place = np.arange(11) - 5
    window = np.outer(np.exp(-(place**2) / 4.5), np.exp(-(place**2) / 4.5))
    window /= window.sum()

    def mean(x: Image) -> Image:
        return correlate2d(x, window, mode="valid")

    fused, *sources = (levels(image) for image in images)
    c1, c2 = (0.01 * 255) ** 2, (0.03 * 255) ** 2
    maps, variances = [], []
    for x in sources:
        variance, own = mean(x * x) - mean(x) ** 2, mean(fused * fused) - mean(fused) ** 2
        covariance = mean(x * fused) - mean(x) * mean(fused)
        luminance = (2 * mean(x) * mean(fused) + c1) / (mean(x) ** 2 + mean(fused) ** 2 + c1)
        maps.append(luminance * (2 * covariance + c2) / (variance + own + c2))
        variances.append(variance)
    share = variances[0] / (variances[0] + variances[1])
    expected = (share * maps[0] + (1 - share) * maps[1]).mean()
    assert score("qo", images) == pytest.approx(expected, rel=1e-9)
