from __future__ import annotations

import pytest
import torch

from diffif.metrics import evaluate
from suite.errors import ImageError, SettingsError
from tests.contracts.metric_contract import make_triple


def test_8_bit_integers_are_refused_with_the_way_to_convert_them() -> None:
    image = torch.zeros((1, 1, 8, 8), dtype=torch.uint8)
    with pytest.raises(ImageError, match="Divide 8-bit images by 255"):
        evaluate(image, image, image, metrics=("en",))


@pytest.mark.parametrize("bad", [-0.1, 1.1, 255.0, float("nan"), float("inf")])
def test_values_outside_zero_to_one_are_refused(bad: float) -> None:
    fused, visible, infrared = make_triple(8, 8)
    fused[0, 0, 3, 3] = bad
    with pytest.raises(ImageError, match=r"fused holds values"):
        evaluate(fused, visible, infrared, metrics=("en",))


def test_colour_is_refused_where_luma_is_meant() -> None:
    fused, visible, infrared = make_triple(8, 8)
    with pytest.raises(ImageError, match="visible has 3 channels"):
        evaluate(fused, visible.expand(-1, 3, -1, -1), infrared, metrics=("en",))


def test_sizes_batches_and_dimensions_must_agree() -> None:
    fused, visible, infrared = make_triple(8, 8, batch=3)
    with pytest.raises(ImageError, match="one size"):
        evaluate(fused, visible[..., :7], infrared, metrics=("en",))
    with pytest.raises(ImageError, match="visible holds 2 images"):
        evaluate(fused, visible[:2], infrared, metrics=("en",))
    with pytest.raises(ImageError, match=r"expected \(B, C, H, W\)"):
        evaluate(fused[0], visible[0], infrared[0], metrics=("en",))
    with pytest.raises(ImageError, match="empty"):
        evaluate(fused[:0], visible[:0], infrared[:0], metrics=("en",))


def test_asking_for_no_metric_is_refused() -> None:
    with pytest.raises(SettingsError, match="at least one"):
        evaluate(*make_triple(8, 8), metrics=())


def test_vifb_takes_colour_channels_separately_and_averages_them() -> None:
    fused, visible, infrared = make_triple(24, 24)
    colour = torch.cat((fused, visible, infrared), dim=1)
    together = evaluate(colour, colour, infrared, metrics=("en", "mi"), convention="vifb")
    for name in ("en", "mi"):
        alone = [evaluate(c, c, infrared, metrics=(name,), convention="vifb")[name] for c in colour.split(1, dim=1)]
        torch.testing.assert_close(together[name], torch.stack(alone).mean(dim=0))


def test_a_grey_fused_image_is_compared_with_the_grey_of_colour_sources() -> None:
    fused, visible, infrared = make_triple(24, 24)
    same = evaluate(fused, visible.expand(-1, 3, -1, -1), infrared, metrics=("mi",), convention="vifb")
    torch.testing.assert_close(same, evaluate(fused, visible, infrared, metrics=("mi",), convention="vifb"))
