from __future__ import annotations

import numpy as np
import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy.signal import convolve2d

from diffif.metrics.derived.windows import box_sums, gaussian_taps, slide


@settings(max_examples=30, deadline=None)
@given(
    height=st.integers(17, 120),
    width=st.integers(17, 120),
    size=st.sampled_from([1, 3, 7, 8, 17]),
    step=st.sampled_from([1, 2]),
    batch=st.integers(1, 3),
)
def test_sliding_equals_scipy_at_any_size_and_step(height: int, width: int, size: int, step: int, batch: int) -> None:
    x = torch.rand((batch, height, width), generator=torch.Generator().manual_seed(0), dtype=torch.float64)
    taps = gaussian_taps(size, size / 5)
    expected = [convolve2d(image, np.outer(taps, taps), mode="valid")[::step, ::step] for image in x.numpy()]
    np.testing.assert_allclose(slide(x, taps, step=step).numpy(), expected, rtol=0, atol=1e-12)


@pytest.mark.parametrize("size", [1, 2, 7, 8, 11])
@pytest.mark.parametrize("dtype", [torch.int32, torch.float32, torch.float64])
def test_box_sums_of_whole_numbers_are_exact(size: int, dtype: torch.dtype) -> None:
    x = torch.randint(0, 16385, (2, 40, 53), generator=torch.Generator().manual_seed(0)).to(dtype)
    expected = [convolve2d(image.double().numpy(), np.ones((size, size)), mode="valid") for image in x]
    sums = box_sums(x, size)
    assert sums.dtype == dtype
    np.testing.assert_array_equal(sums.double().numpy(), expected)


def test_a_gaussian_sums_to_one() -> None:
    assert sum(gaussian_taps(17, 3.4)) == pytest.approx(1)
