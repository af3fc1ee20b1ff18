"""What every dataset promises. A new dataset's test subclasses this and says which entry and which copy to read."""

from __future__ import annotations

import shutil
from pathlib import Path

import cv2
import numpy as np
import pytest

from datasets.base import SPLITS, Boxes, MaskPath, PairedDataset
from datasets.checks import check_dataset
from datasets.layout import Layout
from datasets.prepare import prepare_dataset
from datasets.registry import get_layout, load_dataset
from suite.errors import DatasetError, SettingsError


class DatasetContract:
    """Subclass, set `name`, and override `root` (a fixture): a small sound copy in the dataset's own layout."""

    name: str

    @pytest.fixture
    def root(self) -> Path:
        raise NotImplementedError

    def splits_of(self, root: Path, task: str = "quality") -> dict[str, PairedDataset]:
        found = {}
        for split in SPLITS:
            try:
                found[split] = load_dataset(self.name, root, split, task)  # type: ignore[arg-type]
            except DatasetError:
                assert split != "test"
        return found

    def test_facts_are_complete(self) -> None:
        layout = get_layout(self.name)
        assert issubclass(layout, Layout)
        assert layout.name == self.name
        assert all((layout.title, layout.licence, layout.paper, layout.expected))
        assert "quality" in layout.tasks
        assert len(set(layout.classes)) == len(layout.classes)
        assert set(layout.official_counts) <= {*SPLITS, "all"}

    def test_every_task_loads_and_its_labels_fit_the_classes(self, root: Path) -> None:
        for task in get_layout(self.name).tasks:
            dataset = load_dataset(self.name, root, "test", task)
            assert dataset.task == task
            for sample in dataset:
                if task == "detect":
                    assert isinstance(sample.target, Boxes)
                    assert len(sample.target) == len(sample.target.labels)
                    assert all(0 <= label < len(dataset.classes) for label in sample.target.labels)
                elif task == "segment":
                    assert isinstance(sample.target, MaskPath)
                    assert sample.target.path.is_file()
                else:
                    assert sample.target is None

    def test_samples_are_sorted_pairs_of_one_name(self, root: Path) -> None:
        for dataset in self.splits_of(root).values():
            ids = [sample.id for sample in dataset]
            assert ids == sorted(set(ids))
            for sample in dataset:
                marked = sample.visible.stem.startswith(sample.id) and sample.infrared.stem.startswith(sample.id)
                assert marked or sample.id.endswith(sample.visible.stem)
                assert marked or sample.visible.stem == sample.infrared.stem
                assert (sample.visible == sample.infrared) == (sample.reading.channels == "rgbt")

    def test_no_file_belongs_to_two_splits(self, root: Path) -> None:
        files = [sample.visible for dataset in self.splits_of(root).values() for sample in dataset]
        assert len(set(files)) == len(files)

    def test_training_comes_with_validation_of_other_scenes(self, root: Path) -> None:
        splits = self.splits_of(root)
        assert ("train" in splits) == ("val" in splits)
        if "train" not in splits:
            return
        groups = [{sample.group for sample in splits[split]} - {""} for split in ("train", "val")]
        assert not groups[0] & groups[1]

    def test_fingerprint_follows_contents_not_place(self, root: Path, tmp_path: Path) -> None:
        before = load_dataset(self.name, root, "test", "quality").fingerprint
        moved = tmp_path / "moved"
        shutil.copytree(root, moved)
        dataset = load_dataset(self.name, moved, "test", "quality")
        assert dataset.fingerprint == before
        path = dataset[0].infrared
        pixels = cv2.imread(str(path), cv2.IMREAD_UNCHANGED)
        assert pixels is not None
        cv2.imwrite(str(path), 255 - pixels)
        assert load_dataset(self.name, moved, "test", "quality").fingerprint != before

    def test_an_absent_root_and_an_empty_one_say_what_should_be_there(self, tmp_path: Path) -> None:
        with pytest.raises(DatasetError, match=r"no folder .*nowhere"):
            load_dataset(self.name, tmp_path / "nowhere", "test", "quality")
        empty = tmp_path / "empty"
        empty.mkdir()
        with pytest.raises(DatasetError, match=r"--root|python -m datasets sample"):
            load_dataset(self.name, empty, "test", "quality")
        with pytest.raises(SettingsError, match="needs --root DIR"):
            load_dataset(self.name, None, "test", "quality")

    def test_unknown_split_and_task_are_refused(self, root: Path) -> None:
        with pytest.raises(SettingsError, match="train, val, test"):
            load_dataset(self.name, root, "dev", "quality")
        with pytest.raises(SettingsError, match="it serves: quality"):
            load_dataset(self.name, root, "test", "depth")  # type: ignore[arg-type]

    def test_check_finds_nothing_wrong_with_a_sound_copy(self, root: Path) -> None:
        layout = get_layout(self.name)(root)
        for task in layout.tasks:
            assert check_dataset(layout, task, subset=True).problems == ()

    def test_check_misses_the_pairs_that_the_official_release_has(self, root: Path) -> None:
        layout = get_layout(self.name)(root)
        found = [problem.detail for problem in check_dataset(layout, layout.tasks[-1]).problems]
        assert len(found) == len(layout.official_counts)
        assert all("the official release has" in detail for detail in found)

    def test_check_names_a_file_cut_short_and_a_pair_of_two_sizes(self, root: Path) -> None:
        layout = get_layout(self.name)(root)
        samples = [*load_dataset(self.name, root, "test", "quality")]
        cut, other = samples[0], samples[-1]
        cut.visible.write_bytes(cut.visible.read_bytes()[:20])
        cv2.imwrite(str(other.infrared), np.zeros((10, 12), dtype=np.uint8))
        problems = {(problem.kind, problem.id) for problem in check_dataset(layout, "quality", subset=True).problems}
        assert ("unreadable image", cut.id) in problems
        if other is not cut:
            # A file that holds both modalities cannot be of two sizes, but then it has too few channels.
            kind = "unreadable image" if other.visible == other.infrared else "size mismatch"
            assert (kind, other.id) in problems

    def test_a_missing_half_of_a_pair_is_refused_by_name(self, root: Path) -> None:
        lonely = load_dataset(self.name, root, "test", "quality")[0]
        if lonely.visible == lonely.infrared:
            pytest.skip("one file holds both modalities")
        lonely.infrared.unlink()
        with pytest.raises(DatasetError, match=rf"(?s){lonely.id}: only in .*skip-invalid") as caught:
            load_dataset(self.name, root, "test", "quality")
        assert "NAME" not in str(caught.value)

    def test_a_prepared_copy_is_the_same_dataset_with_the_same_splits(self, root: Path, tmp_path: Path) -> None:
        layout = get_layout(self.name)(root)
        labelled = [task for task in layout.tasks if task != "quality"] or ["quality"]
        reports = [check_dataset(layout, task, subset=True) for task in labelled]  # type: ignore[arg-type]
        prepare_dataset(layout, reports, tmp_path / "clean")
        again = prepare_dataset(layout, reports, tmp_path / "clean")
        assert again.num_written == 0
        assert again.num_skipped == 0
        for task in layout.tasks:
            source, clean = self.splits_of(root, task), self.splits_of(tmp_path / "clean", task)
            assert {s: d.fingerprint for s, d in source.items()} == {s: d.fingerprint for s, d in clean.items()}
