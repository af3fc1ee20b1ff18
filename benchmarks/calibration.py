"""How often the statistics find what is not there, how often they find what is, and how often an interval is right.

    python -m benchmarks.calibration                 1000 studies per line, seeded
    python -m benchmarks.calibration --studies 4000

Scores are drawn as the tasks record them. A score of one training on one image is the sum of the image's difficulty,
the method's way with that image, the luck of the training (standard deviation 1.2 points of mAP50, as measured on the
synthetic laboratory) and the training's way with the image. Everything is asked of `suite.statistics` and of the
ablation's reading in `reports`, the functions behind console and page.
"""

from __future__ import annotations

import math
import sys
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass

import numpy as np

from downstream.detect.average_precision import average_precision
from downstream.detect.matching import Matches
from suite.command import run_settings
from suite.statistics.comparison import SIGNIFICANCE, compare_methods, holm
from suite.statistics.intervals import Array, resample_counts, score_interval
from suite.statistics.ranking import rank_correlation
from suite.statistics.scored import Scored

LEVEL = 0.9
"""mAP50 of every method where none is better."""
TRAINING_SD = 0.012
IMAGE_SD, METHOD_IMAGE_SD, TRAINING_IMAGE_SD = 0.14, 0.07, 0.05
"""With 100 images: +- 1.4 points of one score, +- 1.0 point of a difference of two."""
POPULATION_IMAGES = 20_000


@dataclass(frozen=True, kw_only=True)
class CalibrationSettings:
    """How much is simulated."""

    studies: int = 1000
    """Simulated studies behind each share."""
    seed: int = 0
    """Same seed, same studies."""


@dataclass(frozen=True)
class Line:
    """One line of the table."""

    question: str
    setting: str
    share: float
    """Of studies."""
    studies: int
    wanted: str

    @property
    def error(self) -> float:
        """Standard error of the share."""
        return math.sqrt(self.share * (1 - self.share) / self.studies)


def draw_study(
    generator: np.random.Generator,
    *,
    methods: int,
    trainings: int,
    images: int = 100,
    lead: float = 0.0,
    replicates: int = 300,
) -> dict[str, Scored]:
    """Scores of methods that do not differ, but for the first, which leads by `lead`.

    Args:
        generator: Of everything random.
        methods: Number of methods.
        trainings: Per method; 0: nothing is trained, and per-image scores instead of replicates are recorded.
        images: Test images.
        lead: Of the first method, as a fraction (0.03 is 3 points).
        replicates: Bootstrap draws.
    """
    repeats = max(trainings, 1)
    image = generator.normal(LEVEL, IMAGE_SD, images)
    way = generator.normal(0, METHOD_IMAGE_SD, (methods, 1, images))
    luck = generator.normal(0, TRAINING_SD, (methods, repeats, 1)) if trainings else 0.0
    scores = image + way + luck + generator.normal(0, TRAINING_IMAGE_SD, (methods, repeats, images))
    scores[0] += lead
    seeds, names = tuple(range(trainings)), [f"method{i}" for i in range(methods)]
    if not trainings:
        ids = tuple(map(str, range(images)))
        return {
            name: Scored(values=one.mean(axis=1), images=one, ids=ids, num_images=images)
            for name, one in zip(names, scores, strict=True)
        }
    counts = resample_counts(images, num_resamples=replicates, seed=int(generator.integers(2**31)))
    return {
        name: Scored(
            values=one.mean(axis=1), seeds=seeds, replicates=one @ counts.T / images, draws="shared", num_images=images
        )
        for name, one in zip(names, scores, strict=True)
    }


def two_methods(studies: int, generator: np.random.Generator) -> Iterator[Line]:
    """False "better" between two equal methods, and the power for three points, by number of trainings."""
    for trainings in (1, 2, 3, 5):
        for lead, question, wanted in (
            (0.0, "equal, one called better", "<= 5 %"),
            (0.03, "3 points better, found", ""),
        ):
            found = _share(studies, lambda t=trainings, d=lead: _first_or_any(generator, t, d))
            yield Line(question, f"2 methods, {trainings} trainings, 100 images", found, studies, wanted)


def images_alone(studies: int, generator: np.random.Generator) -> Iterator[Line]:
    """What a test that ignores trainings would say of the same equal methods."""
    for trainings in (1, 3):

        def wrong(t: int = trainings) -> bool:
            study = draw_study(generator, methods=2, trainings=t)
            plain = {
                m: Scored(
                    values=s.values.mean(keepdims=True),
                    replicates=s.replicates.mean(axis=0, keepdims=True),
                    draws="shared",
                    num_images=s.num_images,
                )
                for m, s in study.items()
                if s.replicates is not None
            }
            return _any_better(plain)

        yield Line(
            "the same, trainings ignored", f"2 methods, {trainings} trainings, 100 images", _share(studies, wrong),
            studies, "for comparison",
        )  # fmt: skip


def ablation(studies: int, generator: np.random.Generator) -> Iterator[Line]:
    """False "helps" or "harms" of an ablation with three parts that do nothing."""
    for trainings in (1, 3):
        found = _share(studies, lambda t=trainings: _reads_something(draw_study(generator, methods=4, trainings=t)))
        setting = f"3 variants, {trainings} trainings, 100 images"
        yield Line("a part that does nothing helps or harms", setting, found, studies, "<= 5 %")


def quality(studies: int, generator: np.random.Generator) -> Iterator[Line]:
    """A winner among twelve equal methods in one image metric."""
    found = _share(studies, lambda: _any_better(draw_study(generator, methods=12, trainings=0, images=40)))
    yield Line("equal in a metric, one called better", "12 methods, 40 images", found, studies, "<= 5 %")


def prediction(studies: int, generator: np.random.Generator) -> Iterator[Line]:
    """An image metric said to predict a task that it has nothing to do with."""
    for fusers in (5, 6, 8, 12):

        def wrong(count: int = fusers) -> bool:
            common = generator.normal(size=count)
            metrics = 0.7 * common + generator.normal(size=(8, count))
            task = generator.normal(size=count)
            return bool((holm([rank_correlation(m, task)[1] for m in metrics]) < SIGNIFICANCE).any())

        yield Line(
            "a metric predicts an unrelated task",
            f"8 metrics, {fusers} fusers",
            _share(studies, wrong),
            studies,
            "<= 5 %",
        )


def coverage(studies: int, generator: np.random.Generator) -> Iterator[Line]:
    """How often the interval of mAP50 holds the mAP50 of all images, beside the percentile bootstrap."""
    truth = _map50(draw_detections(generator, POPULATION_IMAGES))
    for images in (20, 50, 100):
        ours = percentile = 0
        for _ in range(studies):
            found = draw_detections(generator, images)
            counts = resample_counts(images, num_resamples=300, seed=int(generator.integers(2**31)))
            drawn = np.array([_map50(found, row) for row in counts])
            low, high = score_interval(_map50(found), drawn, images)
            ours += low <= truth <= high
            ends = np.quantile(drawn, [0.025, 0.975])
            percentile += bool(ends[0] <= truth <= ends[1])
        yield Line("the interval of mAP50 holds the truth", f"{images} images", ours / studies, studies, "95 %")
        yield Line(
            "the percentile bootstrap would", f"{images} images", percentile / studies, studies, "for comparison"
        )


def draw_detections(generator: np.random.Generator, images: int) -> Matches:
    """Predictions of one class on images of unequal difficulty: mAP50 near 0.9."""
    truth = 1 + generator.poisson(1.5, images)
    ease = generator.normal(0, 1.0, images)
    right = generator.binomial(truth, 1 / (1 + np.exp(-2.8 - ease)))
    wrong = generator.poisson(0.4 * np.exp(-0.4 * ease))
    image = np.concatenate([np.repeat(np.arange(images), right), np.repeat(np.arange(images), wrong)])
    scores = np.concatenate([generator.beta(5, 2, right.sum()), generator.beta(2, 4, wrong.sum())])
    correct = np.arange(len(scores)) < right.sum()
    order = np.argsort(-scores, kind="stable")
    return Matches(
        image=image[order], scores=scores[order], correct=correct[order][None],
        ignored=np.zeros((1, len(scores)), dtype=bool), num_truth=truth,
    )  # fmt: skip


def main(argv: Sequence[str] | None = None) -> int:
    return run_settings(run, argv, prog="python -m benchmarks.calibration", description=__doc__)


def run(settings: CalibrationSettings) -> int:
    """Print the table."""
    generator = np.random.default_rng(settings.seed)
    print(f"{'question':<42} {'setting':<38} {'share':>7}  +-    wanted")
    for part in (two_methods, images_alone, ablation, quality, prediction, coverage):
        for line in part(settings.studies, generator):
            share, error = 100 * line.share, 100 * line.error
            print(f"{line.question:<42} {line.setting:<38} {share:6.1f}%  {error:.1f}  {line.wanted}", flush=True)
    return 0


def _share(studies: int, happens: Callable[[], bool]) -> float:
    return sum(happens() for _ in range(studies)) / studies


def _first_or_any(generator: np.random.Generator, trainings: int, lead: float) -> bool:
    study = draw_study(generator, methods=2, trainings=trainings, lead=lead)
    return compare_methods(study, higher=True).better("method0", "method1") if lead else _any_better(study)


def _any_better(study: dict[str, Scored]) -> bool:
    tests = compare_methods(study, higher=True)
    return any(tests.better(a, b) for a in study for b in study if a != b)


def _reads_something(study: dict[str, Scored]) -> bool:
    """Whether the ablation's reading says of any variant that it helps or harms the task."""
    from reports.ablation import all_changes
    from reports.boards import Board
    from reports.collect import Context
    from reports.labels import Labels
    from reports.scores import MethodScore, test_all_metrics

    full, *variants = study
    scores = {(m, "map50"): MethodScore(scored=s, cells=(m,), higher=True) for m, s in study.items()}
    board = Board(
        Context("synthetic", "test", "detect", "retrain", ""), Labels({}), "map50", tuple(study), ("map50",), scores,
        test_all_metrics(["map50"], scores, list(study), "retrain"),
    )  # fmt: skip
    return any(change.is_significant for change in all_changes(full, variants, [(board, "map50")]).values())


def _map50(found: Matches, counts: Array | None = None) -> float:
    return float(average_precision(found, counts, num_thresholds=1)[0])


if __name__ == "__main__":
    sys.exit(main())
