from __future__ import annotations

import re

import pytest
import torch

from datasets.images import rgb_to_y
from diffif.metrics import UndefinedMetric, evaluate
from diffif.metrics.derived.planes import grey_of
from suite.errors import ImageError, SettingsError
from tests.contracts.metric_contract import make_triple


def advised(error: BaseException) -> str:
    """The expression on `image` that a message advises."""
    [expression] = re.findall(r"[Ww]rite (image.*)$", str(error))
    return expression


@pytest.mark.parametrize(
    ("image", "told"),
    [
        (torch.zeros((1, 1, 8, 8), dtype=torch.uint8), "fused is torch.uint8"),
        (torch.zeros((1, 4, 8, 8)), "fused has 4 channels"),
        (torch.zeros((3, 8, 8)), r"fused has shape \(3, 8, 8\)"),
        (torch.zeros((8, 8)), r"fused has shape \(8, 8\)"),
    ],
)
def test_the_advice_of_an_error_works_as_it_is_written(image: torch.Tensor, told: str) -> None:
    with pytest.raises(ImageError, match=told) as caught:
        evaluate(image, image, image, metrics=("en",))
    better = eval(advised(caught.value), {"image": image})
    assert evaluate(better, better, better, metrics=("en",))["en"].item() == 0


def test_what_is_no_tensor_is_refused_with_the_function_that_takes_files() -> None:
    with pytest.raises(ImageError, match=r"fused is a str.*diffif\.evaluate takes files"):
        evaluate("fused.png", "visible.png", "infrared.png", metrics=("en",))


@pytest.mark.parametrize("bad", [-0.1, 1.1, 255.0, float("nan"), float("inf")])
def test_values_outside_zero_to_one_are_refused(bad: float) -> None:
    fused, visible, infrared = make_triple(8, 8)
    fused[0, 0, 3, 3] = bad
    with pytest.raises(ImageError, match=r"fused holds values"):
        evaluate(fused, visible, infrared, metrics=("en",))


def test_colour_is_made_grey_as_the_convention_does_it() -> None:
    colour = torch.rand((1, 3, 24, 24), generator=torch.Generator().manual_seed(0)).mul(255).round() / 255
    infrared = make_triple(24, 24)[2]
    for convention, grey in (("standard", rgb_to_y(colour)), ("tang", grey_of(colour).float())):
        names = ("en", "mi", "ssim")
        scores = evaluate(colour, colour, infrared, metrics=names, convention=convention)
        assert scores == evaluate(grey, grey, infrared, metrics=names, convention=convention)
        assert scores == evaluate(grey, colour, infrared, metrics=names, convention=convention)


def test_sizes_batches_and_dimensions_must_agree() -> None:
    fused, visible, infrared = make_triple(8, 8, batch=3)
    with pytest.raises(ImageError, match="one size"):
        evaluate(fused, visible[..., :7], infrared, metrics=("en",))
    with pytest.raises(ImageError, match="visible holds 2 images"):
        evaluate(fused, visible[:2], infrared, metrics=("en",))
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


def test_images_too_small_for_a_metric_leave_it_undefined_and_say_so_while_the_others_are_scored() -> None:
    images = make_triple(120, 160)
    with pytest.warns(UndefinedMetric, match=r"images are 120x160 \(HxW\), too small for MS-SSIM \(161x161\)"):
        scores = evaluate(*images, metrics=("en", "ms_ssim", "ssim"))
    assert scores["ms_ssim"].isnan().all()
    assert not scores["ssim"].isnan().any()
