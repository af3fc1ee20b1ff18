"""The work behind an ablation: priors, trainings, and the three judges, each a function of variant and seed."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from datasets.atomic import write_text
from datasets.base import PairedDataset, Task
from datasets.settings import fingerprint, override, parse_assignments, to_mapping
from diffif.device import resolve_device
from diffif.fusers.base import Fuser
from diffif.fusers.diffif import DiffIF
from diffif.training.recipe import Recipe, load_recipe
from downstream.ablation_variants import AblationVariant, parse_variant
from downstream.arguments import DataChoice, data_choice, load_splits, make_synthetic
from downstream.preflight import check_workdir
from downstream.results import reproducing_command

SPLITS = ("train", "val", "test")


@dataclass(frozen=True, kw_only=True)
class AblationStudy:
    """One ablation on one dataset."""

    variants: tuple[AblationVariant, ...]
    recipe: Recipe
    data: DataChoice
    model: str
    detect_epochs: int
    segment_epochs: int
    imgsz: int
    workdir: Path
    device: str
    command: str

    @classmethod
    def from_arguments(cls, parsed: Any, arguments: Sequence[str]) -> AblationStudy:
        """Everything checked that can be checked before the first training.

        Raises:
            UnknownName, SettingsError: a variant, recipe or dataset that does not exist.
        """
        from downstream.ablate import LABORATORY

        variants = tuple(parse_variant(text, parsed.pool) for text in dict.fromkeys(parsed.variants))
        recipe = load_recipe(parsed.recipe, parse_assignments(parsed.set))
        for variant in variants:
            override(recipe, variant.recipe)
        workdir = check_workdir(parsed.workdir)
        if not parsed.dataset:
            parsed.synthetic = [*LABORATORY, *parsed.synthetic]
        choice = data_choice(parsed)
        if not choice.name:
            root = make_synthetic(choice.synthetic, workdir)
            choice = DataChoice(name="synthetic", root=root, synthetic=())
        return cls(
            variants=variants,
            recipe=recipe,
            data=choice,
            model=parsed.model,
            detect_epochs=parsed.detect_epochs,
            segment_epochs=parsed.segment_epochs,
            imgsz=parsed.imgsz,
            workdir=workdir,
            device=resolve_device(parsed.device),
            command=reproducing_command("downstream.ablate", arguments),
        )

    def splits(self, task: Task) -> dict[str, PairedDataset]:
        """The dataset with the labels that a task needs."""
        return load_splits(self.data, task, self.workdir, splits=SPLITS)

    def prior(self, variant: AblationVariant, seed: int) -> Path | None:
        """The folder of priors of a variant, made if it is not there."""
        if variant.prior == "none":
            return None
        from rich.progress import Progress

        from diffif.fusers.registry import build_fuser
        from diffif.prior.candidates import make_candidates
        from diffif.prior.targeted_search import PRIOR_FOLDER, SearchSettings, draw, search

        samples = self.splits("quality")["train"].samples
        fusers = [(spec, build_fuser(spec, device=self.device)) for spec in variant.pool]
        ssim, vif, qabf = variant.search_weights
        how = {"pool": variant.pool, "weights": variant.search_weights, "prior": variant.prior}
        out = self.workdir / "prior" / fingerprint({**how, "seed": seed if variant.prior == "random" else None})
        pool_dir = self.workdir / "prior" / "pool"
        with Progress() as progress:
            pool = make_candidates(samples, fusers, pool_dir, progress=progress)
            if variant.prior == "random":
                draw(samples, pool, out, seed=seed)
            else:
                search(samples, pool, out, SearchSettings(ssim=ssim, vif=vif, qabf=qabf), progress=progress)
        return out / PRIOR_FOLDER

    def run_dir(self, variant: AblationVariant, seed: int) -> Path:
        """Where the training of a variant lies."""
        recipe = to_mapping(self.variant_recipe(variant, seed))
        prior = [variant.prior, list(variant.pool), list(variant.search_weights), str(self.data.root)]
        key = fingerprint({"recipe": recipe, "prior": prior})
        return self.workdir / "ablation" / f"{variant.training_name}-seed{seed}-{key}"

    def variant_recipe(self, variant: AblationVariant, seed: int) -> Recipe:
        """The recipe of one training."""
        return override(self.recipe, {**variant.recipe, "seed": seed})

    def train(self, variant: AblationVariant, seed: int) -> Path:
        """Train a variant, or find it trained; returns its best checkpoint."""
        from rich.progress import Progress

        from diffif.training.loop import train

        out = self.run_dir(variant, seed)
        best = out / "best.safetensors"
        if (out / "done").is_file():
            return best
        prior, recipe, splits = self.prior(variant, seed), self.variant_recipe(variant, seed), self.splits("quality")
        with Progress() as progress:
            task = progress.add_task(f"training {variant.name}, seed {seed}", total=recipe.iterations)
            train(
                recipe,
                splits["train"],
                splits["val"],
                prior,
                out,
                device="cpu" if self.device == "cpu" else "cuda",
                on_step=lambda step, terms: progress.update(task, completed=step),
            )
        write_text(out / "done", "")
        return best

    def fuser(self, variant: AblationVariant, seed: int) -> Fuser:
        """The trained variant, ready to fuse."""
        return DiffIF(device=self.device, weights=self.train(variant, seed), steps=variant.num_steps)

    def quality(self, variant: AblationVariant, seed: int) -> None:
        """Image metrics on test."""
        from downstream.quality import choose_metrics
        from downstream.quality_cells import QualityRun, run_cell

        run = QualityRun(
            dataset=self.splits("quality")["test"],
            fusers={variant.label: self.fuser(variant, seed)},
            metrics=choose_metrics(None, "standard"),
            convention="standard",
            workdir=self.workdir,
            device=self.device,
            command=self.command,
        )
        run_cell(run, variant.label)

    def detect(self, variant: AblationVariant, seed: int) -> None:
        """A detector trained on the variant's images, judged on test."""
        from downstream.detection.cells import DetectionRun, run_cell
        from downstream.detection.model_choice import choose_model
        from downstream.detection.settings import DetectionSettings
        from downstream.detection.yolo_environment import prepare_yolo

        prepare_yolo(self.workdir)
        settings = DetectionSettings(
            model=self.model, epochs=self.detect_epochs, imgsz=self.imgsz, batch=8, nominal_batch=8
        )
        model = choose_model(self.model, self.workdir)
        run = DetectionRun(settings=settings, model=model, **self._shared("detect", variant, seed))
        run_cell(run, variant.label, seed)

    def segment(self, variant: AblationVariant, seed: int) -> None:
        """A segmentation network trained on the variant's images, judged on test."""
        from downstream.segment import LABORATORY, LABORATORY_RATE
        from downstream.segmentation.cells import SegmentationRun, run_cell
        from downstream.segmentation.network import find_encoder_weights
        from downstream.segmentation.settings import SegmentationSettings

        values: dict[str, Any] = {**LABORATORY, "learning_rate": LABORATORY_RATE, "epochs": self.segment_epochs}
        settings = SegmentationSettings(**values)
        weights = find_encoder_weights(settings.encoder, settings.encoder_weights)
        run = SegmentationRun(settings=settings, weights=weights, **self._shared("segment", variant, seed))
        run_cell(run, variant.label, seed)

    def finish(
        self, judge: Callable[[AblationVariant, int], None], task: str, variant: AblationVariant, seed: int
    ) -> None:
        """Let a judge work, unless it has."""
        mark = self._mark(f"{task}/{variant.name}/seed{seed}")
        if not mark.is_file():
            judge(variant, seed)
            write_text(mark, "")

    def is_done(self, part: str) -> bool:
        """Whether a part (`detect/full/seed0`) needs no more work."""
        task, name, seed = part.split("/")
        if task != "train":
            return self._mark(part).is_file()
        variant = next(v for v in self.variants if v.name == name)
        return (self.run_dir(variant, int(seed.removeprefix("seed"))) / "done").is_file()

    def _mark(self, part: str) -> Path:
        # The judges' records carry their own ids; this only saves building fusers to find out.
        settings = [self.model, self.detect_epochs, self.segment_epochs, self.imgsz, str(self.data.root)]
        _, name, seed = part.split("/")
        variant = next(v for v in self.variants if v.name == name)
        key = fingerprint([settings, self.run_dir(variant, int(seed.removeprefix("seed"))).name])
        return self.workdir / "ablation" / "done" / f"{part.replace('/', '_')}-{key}"

    def _shared(self, task: Task, variant: AblationVariant, seed: int) -> Mapping[str, Any]:
        return {
            "splits": self.splits(task),
            "fusers": {variant.label: self.fuser(variant, seed)},
            "workdir": self.workdir,
            "device": self.device,
            "command": self.command,
            "notes": (f"Ablation variant {variant.name}, recipe {self.recipe.name}, trained with seed {seed}.",),
        }
