from __future__ import annotations

import pytest
import torch

from diffif.model.noise import ImageNoise


def test_noise_is_decided_by_seed_number_and_position_alone() -> None:
    whole = ImageNoise(1, 150, 200)(2)
    assert torch.equal(whole, ImageNoise(1, 150, 200)(2))
    for top, left, height, width in ((0, 0, 150, 200), (0, 0, 8, 9), (60, 70, 90, 130), (149, 199, 1, 1)):
        part = ImageNoise(1, height, width, top=top, left=left)(2)
        assert torch.equal(part, whole[..., top : top + height, left : left + width])
    assert not torch.equal(whole, ImageNoise(2, 150, 200)(2))
    assert not torch.equal(whole, ImageNoise(1, 150, 200)(3))
    assert not torch.equal(whole[..., :64, :64], whole[..., 64:128, :64])
    assert whole.mean().item() == pytest.approx(0, abs=0.02)
    assert whole.std().item() == pytest.approx(1, abs=0.02)
