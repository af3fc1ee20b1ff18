"""Strips are an arrangement of the work; the image does not know about them."""

from __future__ import annotations

import pytest
import torch
import torch.nn.functional as F
from torch import Tensor

from diffif.model import denoiser_blocks, strips
from diffif.model.denoiser_blocks import Upsample
from diffif.model.diffusion import DiffIF
from diffif.model.strips import ChannelSums, Source, map_strips, stack


@pytest.fixture(autouse=True)
def _small_strips(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(strips, "STRIP_PIXELS", 1)
    monkeypatch.setattr(strips, "MIN_ROWS", 4)
    for module in (strips, denoiser_blocks):
        monkeypatch.setattr(module, "KEEP_PIXELS", 0)


@pytest.mark.parametrize("height", [1, 3, 4, 5, 17])
@pytest.mark.parametrize("in_place", [False, True])
def test_a_convolution_by_strips_is_the_convolution(generator: torch.Generator, height: int, in_place: bool) -> None:
    x = torch.randn(1, 2, height, 5, generator=generator)
    kernel = torch.randn(2, 2, 3, 3, generator=generator)
    whole = F.conv2d(x, kernel, padding=1)

    def convolve(strip: Tensor, inner: slice, first: int, last: int) -> Tensor:
        assert inner.stop - inner.start == last - first
        return F.conv2d(strip, kernel, padding=1)[:, :, inner]

    source = Source.of(x)
    found = map_strips(convolve, source, x if in_place else source.empty(2, torch.float32))
    torch.testing.assert_close(found, whole, rtol=0, atol=1e-5)


@pytest.mark.parametrize("height", [1, 2, 5, 9])
def test_any_rows_of_an_enlarged_image_are_those_of_the_whole(generator: torch.Generator, height: int) -> None:
    upsample = Upsample(3)
    x = torch.randn(1, 3, height, 4, generator=generator)
    with torch.no_grad():
        whole, source = upsample(x), upsample.source(x)
        for first in range(2 * height):
            for last in range(first + 1, 2 * height + 1):
                torch.testing.assert_close(source.rows(first, last), whole[:, :, first:last], rtol=0, atol=1e-5)


def test_sums_over_strips_are_the_statistics_of_the_groups(generator: torch.Generator) -> None:
    x = torch.randn(1, 6, 10, 7, generator=generator) * 3 + 5
    sums = ChannelSums(6)
    for first, last in Source.of(x).bounds:
        sums.add(x[:, :, first:last])
    mean, variance = sums.mean_and_variance(3)
    groups = x.view(3, -1).double()
    torch.testing.assert_close(mean, groups.mean(dim=1).repeat_interleave(2), rtol=1e-5, atol=0)
    torch.testing.assert_close(variance, groups.var(dim=1, correction=0).repeat_interleave(2), rtol=1e-5, atol=0)


def test_stacking_reads_both_images(generator: torch.Generator) -> None:
    a, b = (torch.randn(1, c, 6, 3, generator=generator) for c in (2, 3))
    both = stack(Source.of(a), Source.of(b))
    assert both.channels == 5
    assert torch.equal(both.rows(1, 4), torch.cat([a, b], dim=1)[:, :, 1:4])


@pytest.mark.parametrize("size", [(8, 8), (24, 16), (36, 20)])
def test_the_networks_give_the_same_by_strips_and_as_a_whole(
    tiny_model: DiffIF, generator: torch.Generator, size: tuple[int, int]
) -> None:
    """In float64, where nothing but another order of summation can differ."""
    xt, condition = (torch.randn(2, c, *size, generator=generator, dtype=torch.float64) for c in (1, 2))
    kept = xt.clone(), condition.clone()
    level = torch.tensor([[0.9], [0.3]], dtype=torch.float64)
    model = tiny_model.double()
    whole = model(xt, condition, level)
    with torch.no_grad():
        by_strips = model(xt, condition, level)
    for expected, found in zip(whole, by_strips, strict=True):
        torch.testing.assert_close(found, expected.detach(), rtol=0, atol=1e-10)
    assert torch.equal(xt, kept[0])
    assert torch.equal(condition, kept[1])
