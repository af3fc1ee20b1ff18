"""Which pairs the crops of a step are cut from."""

from __future__ import annotations

import pytest
import torch

from diffif.training.data import draw_chances
from diffif.training.recipe import DataSettings
from suite.errors import SettingsError

IDS = ["msrs-1", "msrs-2", "msrs-3", "msrs-4", "llvip-1"]


def test_without_balance_every_pair_is_drawn_equally_often() -> None:
    torch.testing.assert_close(draw_chances(IDS, 0.0), torch.full((5,), 0.2, dtype=torch.float64))


def test_with_full_balance_every_source_is_drawn_equally_often() -> None:
    chances = draw_chances(IDS, 1.0)
    assert float(chances[:4].sum()) == pytest.approx(0.5)
    assert float(chances[4]) == pytest.approx(0.5)


def test_half_balance_weakens_a_large_source_by_the_root_of_its_size() -> None:
    chances = draw_chances(IDS, 0.5)
    assert float(chances[:4].sum()) == pytest.approx(2 / 3)


def test_a_balance_outside_its_range_is_refused() -> None:
    with pytest.raises(SettingsError, match="balance"):
        DataSettings(balance=1.5)
