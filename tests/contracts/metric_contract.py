"""What every metric promises. Each entry of METRICS runs through it, under every convention that defines it."""

from __future__ import annotations

import pickle

import pytest
import torch
from torch import Tensor

from diffif.metrics import (
    CONVENTIONS,
    METRICS,
    FusionMetric,
    Sources,
    UndefinedMetric,
    evaluate,
    get_convention,
    get_metric,
)
from diffif.metrics.derived.planes import Plane, Triple

SIZE = (165, 172)


def make_triple(height: int, width: int, *, batch: int = 1, seed: int = 0) -> tuple[Tensor, Tensor, Tensor]:
    """Smooth scenes with texture, whole grey levels in [0, 1]: fused, visible, infrared."""
    generator = torch.Generator().manual_seed(seed)
    coarse = torch.rand((batch, 2, 2 + height // 8, 2 + width // 8), generator=generator)
    smooth = torch.nn.functional.interpolate(coarse, (height, width), mode="bicubic").clamp(0, 1)
    scene = (0.8 * smooth + 0.2 * torch.rand((batch, 2, height, width), generator=generator)).clamp(0, 1)
    visible, infrared = ((image * 255).round() / 255 for image in scene.split(1, dim=1))
    return ((0.6 * visible + 0.4 * infrared) * 255).round() / 255, visible, infrared


class MetricContract:
    """Subclass and override `case` (a fixture): the name of a metric and a convention that defines it."""

    @pytest.fixture
    def case(self) -> tuple[str, str]:
        raise NotImplementedError

    def triple(self, case: tuple[str, str], *size: int, batch: int = 1) -> tuple[Tensor, Tensor, Tensor]:
        """Grey images, or colour ones for a metric that sees colour."""
        grey = make_triple(*size, batch=batch)
        if get_metric(case[0]).sees == "grey":
            return grey
        return tuple(torch.cat((grey[i], grey[i - 1], grey[i - 2]), dim=1) for i in range(3))

    def score(self, case: tuple[str, str], *images: Tensor) -> Tensor:
        return evaluate(*images, metrics=(case[0],), convention=case[1])[case[0]]

    def test_it_states_its_facts(self, case: tuple[str, str]) -> None:
        metric = get_metric(case[0])
        assert metric.name == case[0]
        assert metric.summary
        assert set(metric.rules or ()) <= set(CONVENTIONS)
        assert (metric.higher_is_better is None) == (metric.ideal is not None)
        assert metric.value_range[0] < metric.value_range[1]
        assert metric.label
        assert metric.undefined
        assert any(sign.isdigit() for sign in metric.citation)

    def test_scores_lie_in_the_stated_range_one_per_image(self, case: tuple[str, str]) -> None:
        scores = self.score(case, *self.triple(case, *SIZE, batch=2))
        low, high = get_metric(case[0]).range_under(get_convention(case[1]))
        assert scores.shape == (2,)
        assert scores.dtype == torch.float64
        assert bool(((scores >= low) & (scores <= high)).all())

    def test_a_batch_equals_its_images_alone_and_candidates_share_their_sources(self, case: tuple[str, str]) -> None:
        fused, visible, infrared = self.triple(case, *SIZE, batch=2)
        together = self.score(case, fused, visible, infrared)
        alone = [self.score(case, *(image[i : i + 1] for image in (fused, visible, infrared))) for i in range(2)]
        torch.testing.assert_close(together, torch.cat(alone), rtol=0, atol=0)
        sources = Sources(visible[:1], infrared[:1], convention=case[1])
        shared = sources.score(torch.cat((fused[1:], fused[:1])), metrics=(case[0],))[case[0]]
        torch.testing.assert_close(shared[1:], alone[0], rtol=1e-12, atol=1e-12)

    def test_a_batch_measured_at_once_as_on_a_gpu_equals_its_images(self, case: tuple[str, str]) -> None:
        metric = get_metric(case[0])
        rules = metric.rules_under(get_convention(case[1]))

        def measure(*images: Tensor) -> Tensor:
            levels = [(image * 255).round() for image in images]
            planes = [Plane(image if metric.sees == "colour" else image[:, 0]) for image in levels]
            return metric.measure(Triple(*planes), rules)

        fused, visible, infrared = self.triple(case, *SIZE, batch=2)
        for shared in (False, True):
            parts = [slice(0, 1) if shared else slice(k, k + 1) for k in (0, 1)]
            sources = [(visible[part], infrared[part]) for part in parts]
            together = measure(fused, *(sources[0] if shared else (visible, infrared)))
            alone = [measure(fused[k : k + 1], *sources[k]) for k in (0, 1)]
            torch.testing.assert_close(together, torch.cat(alone), rtol=1e-6, atol=1e-9)

    def test_swapping_the_sources_changes_nothing_unless_the_rules_say_so(self, case: tuple[str, str]) -> None:
        fused, visible, infrared = self.triple(case, *SIZE)
        there, back = self.score(case, fused, visible, infrared), self.score(case, fused, infrared, visible)
        symmetric = get_metric(case[0]).rules_under(get_convention(case[1])).symmetric
        assert torch.allclose(there, back, rtol=1e-6, atol=1e-9) == symmetric

    def test_float64_input_gives_the_score_of_float32_input(self, case: tuple[str, str]) -> None:
        images = self.triple(case, *SIZE)
        levels = [(image * 255).round() for image in images]
        single = self.score(case, *(image / 255 for image in levels))
        double = self.score(case, *(image.double() / 255 for image in levels))
        torch.testing.assert_close(single, double, rtol=0, atol=0)

    def test_images_below_the_stated_smallest_side_are_undefined_and_at_it_are_not(self, case: tuple[str, str]) -> None:
        side = get_metric(case[0]).smallest_side_under(get_convention(case[1]))
        assert not self.score(case, *self.triple(case, side, side + 3)).isnan().any()
        if side > 1:
            with pytest.warns(UndefinedMetric, match=f"too small for .*{side}x{side}"):
                assert self.score(case, *self.triple(case, side - 1, side + 3)).isnan().all()

    def test_constant_images_give_finite_scores_or_nan_without_a_crash(self, case: tuple[str, str]) -> None:
        for level in (0.0, 0.5):
            image = torch.full((1, 1, *SIZE), level)
            score = self.score(case, image, image, image)
            defined = get_metric(case[0]).undefined == "never"
            assert not (defined and bool(score.isnan().any()))

    def test_the_torchmetrics_class_keeps_every_image_and_returns_the_mean(self, case: tuple[str, str]) -> None:
        images = self.triple(case, *SIZE, batch=2)
        metric = FusionMetric(case[0], convention=case[1])
        metric.update(*(image[:1] for image in images))
        metric.update(*(image[1:] for image in images))
        scores = self.score(case, *images)
        torch.testing.assert_close(metric.per_image, scores)
        torch.testing.assert_close(metric.compute(), scores.mean())
        restored = pickle.loads(pickle.dumps(metric))
        torch.testing.assert_close(restored.per_image, scores)


def all_cases() -> list[tuple[str, str]]:
    """Each metric under `standard`, and under every convention whose rules differ from that."""
    cases = []
    for name in METRICS:
        metric, seen = get_metric(name), []
        for convention in CONVENTIONS.values():
            rules = metric.rules_under(convention) if metric.is_defined_by(convention) else None
            if rules is not None and rules not in seen:
                seen.append(rules)
                cases.append((name, convention.name))
    return cases
