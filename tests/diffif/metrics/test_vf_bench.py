"""The convention `vf-bench` against its definitions written plainly; its program refuses to run without a GPU.

No outside number stands behind it: those that were published belong to videos that are not here.
"""

from __future__ import annotations

import numpy as np
import pytest
import torch
from scipy.ndimage import gaussian_filter
from sklearn.metrics import mutual_info_score

from benchmarks.metrics_reference import edge_transfer, pixel_vif
from diffif.metrics import evaluate, metrics_of
from tests.contracts.metric_contract import make_triple


def mirrored_ssim(a: np.ndarray, b: np.ndarray) -> float:
    def blur(x: np.ndarray) -> np.ndarray:
        return gaussian_filter(x, 1.5, mode="mirror", radius=5)

    c1, c2 = (0.01 * 255) ** 2, (0.03 * 255) ** 2
    spread = blur(a * a) - blur(a) ** 2 + blur(b * b) - blur(b) ** 2
    covariance = blur(a * b) - blur(a) * blur(b)
    luminance = (2 * blur(a) * blur(b) + c1) / (blur(a) ** 2 + blur(b) ** 2 + c1)
    return float((luminance * (2 * covariance + c2) / (spread + c2)).mean())


@pytest.fixture(scope="module")
def colour() -> tuple[torch.Tensor, torch.Tensor, torch.Tensor]:
    triples = [make_triple(48, 56, seed=seed) for seed in range(3)]
    return tuple(torch.cat([triple[k] for triple in triples], dim=1) for k in range(3))  # type: ignore[return-value]


def test_it_defines_four_metrics() -> None:
    assert set(metrics_of("vf-bench")) == {"mi", "ssim", "vif", "qabf"}


def test_every_metric_is_the_mean_over_channels_and_of_vif_and_ssim_over_sources_too(
    colour: tuple[torch.Tensor, torch.Tensor, torch.Tensor],
) -> None:
    scores = evaluate(*colour, metrics=("all",), convention="vf-bench")
    expected: dict[str, list[float]] = {name: [] for name in scores}
    for channel in range(3):
        fused, *sources = (np.rint(image[0, channel].double().numpy() * 255) for image in colour)
        expected["vif"].append(np.mean([pixel_vif(source, fused) for source in sources]))
        expected["ssim"].append(np.mean([mirrored_ssim(source, fused) for source in sources]))
        expected["mi"].append(sum(mutual_info_score(fused.ravel(), source.ravel()) for source in sources))
        with np.errstate(divide="ignore", invalid="ignore"):
            expected["qabf"].append(edge_transfer(fused, (sources[0], sources[1])))
    for name, values in expected.items():
        assert scores[name].item() == pytest.approx(np.mean(values), rel=1e-6), name


def test_a_grey_image_is_repeated_to_the_channels_of_the_others(
    colour: tuple[torch.Tensor, torch.Tensor, torch.Tensor],
) -> None:
    fused, visible, infrared = colour
    grey, warm = fused[:, :1], infrared[:, :1]
    repeated = evaluate(grey.expand(-1, 3, -1, -1), visible, warm, metrics=("all",), convention="vf-bench")
    assert evaluate(grey, visible, warm, metrics=("all",), convention="vf-bench") == repeated
