from __future__ import annotations

import pytest

from diffif.fusers.controls.noise import Noise
from suite.errors import SettingsError
from tests.contracts.fuser_contract import make_pair


def test_noise_has_the_asked_strength_on_a_mid_grey_image() -> None:
    visible, infrared = make_pair(64, 64, grey=True)
    visible = visible * 0 + 0.5
    residual = Noise(sigma=0.05).fuse(visible, infrared) - visible
    assert residual.std().item() == pytest.approx(0.05, rel=0.05)


def test_seed_changes_the_noise_and_the_fingerprint() -> None:
    visible, infrared = make_pair(16, 16)
    first, second = Noise(seed=0), Noise(seed=1)
    assert first.fingerprint != second.fingerprint
    assert not first.fuse(visible, infrared).equal(second.fuse(visible, infrared))


def test_source_can_be_the_infrared_image() -> None:
    visible, infrared = make_pair(16, 16)
    assert Noise(source="infrared", sigma=0.0).fuse(visible, infrared)[:, :1].equal(infrared)


def test_negative_sigma_is_refused() -> None:
    with pytest.raises(SettingsError, match="sigma"):
        Noise(sigma=-0.1)
