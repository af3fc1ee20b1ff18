"""Fused sets: complete or absent, found again, and taken up where a kill left them."""

from __future__ import annotations

import json
import signal
import subprocess
import sys
import time
from collections.abc import Sequence
from pathlib import Path

import numpy as np
import pytest
from torch import Tensor

from datasets.images import read_array, read_pair, to_uint8, write_image
from diffif.fusers import fused_set
from diffif.fusers.base import Fuser
from diffif.fusers.controls.average import Average
from diffif.fusers.controls.visible import Visible
from diffif.fusers.fused_folder import FusedFolder
from diffif.fusers.fused_set import fuse_split, fused_dir, fused_fingerprint, partial_dir, read_fused_set
from suite.errors import ImageError, ResultError, SettingsError, WorkdirError
from tests.conftest import MakeLabelledPairs


class Counting(Average):
    """Average that counts, and that may die at one image."""

    fingerprint = "average in disguise"

    def __init__(self, dies_at: int | None = None) -> None:
        super().__init__()
        self.ids: list[str] = []
        self.dies_at = dies_at

    def fuse(self, visible: Tensor, infrared: Tensor, *, ids: Sequence[str] | None = None) -> Tensor:
        if self.dies_at is not None and len(self.ids) >= self.dies_at:
            raise KeyboardInterrupt
        self.ids += ids or []
        return super().fuse(visible, infrared, ids=ids)


def test_every_image_is_the_fusers_output_rounded_to_8_bit(
    make_labelled_pairs: MakeLabelledPairs, tmp_path: Path
) -> None:
    dataset = make_labelled_pairs(5)
    fused = fuse_split(dataset, Average(), tmp_path / "work", batch_size=2, progress=False)
    assert fused.ids == tuple(sample.id for sample in dataset)
    for sample in dataset:
        expected = to_uint8(Average().fuse(*read_pair(sample.visible, sample.infrared)))
        np.testing.assert_array_equal(read_array(fused.image(sample.id)), expected)


def test_the_same_fuser_and_pairs_are_never_fused_twice(make_labelled_pairs: MakeLabelledPairs, tmp_path: Path) -> None:
    fuser = Counting()
    first = fuse_split(make_labelled_pairs(4), fuser, tmp_path / "work", progress=False)
    again = fuse_split(make_labelled_pairs(4, task="quality"), fuser, tmp_path / "work", progress=False)
    assert len(fuser.ids) == 4
    assert first.path == again.path


def test_other_pairs_or_another_fuser_get_another_folder(
    make_labelled_pairs: MakeLabelledPairs, tmp_path: Path
) -> None:
    dataset = make_labelled_pairs(2)
    folders = {fused_dir(tmp_path, dataset, fuser) for fuser in (Average(), Visible())}
    folders.add(fused_dir(tmp_path, make_labelled_pairs(2, seed=1), Average()))
    assert len(folders) == 3


def test_an_interruption_leaves_no_set_and_the_next_call_fuses_only_the_rest(
    make_labelled_pairs: MakeLabelledPairs, tmp_path: Path
) -> None:
    dataset, work = make_labelled_pairs(6), tmp_path / "work"
    with pytest.raises(KeyboardInterrupt):
        fuse_split(dataset, Counting(dies_at=4), work, batch_size=2, progress=False)
    assert not fused_dir(work, dataset, Average()).exists()
    second = Counting()
    fused = fuse_split(dataset, second, work, batch_size=2, progress=False)
    assert second.ids == ["000004", "000005"]
    assert list(fused.seconds) == [sample.id for sample in dataset]
    assert sorted(path.name for path in fused.path.iterdir()) == ["images", "manifest.json"]


def test_an_image_written_without_its_log_line_is_fused_again(
    make_labelled_pairs: MakeLabelledPairs, tmp_path: Path
) -> None:
    dataset, work = make_labelled_pairs(3), tmp_path / "work"
    final = fused_dir(work, dataset, Counting())
    partial = final.with_name(f"{final.name}.partial")
    write_image(partial / "images" / "000000.png", np.zeros((24, 32, 3), dtype=np.uint8))
    write_image(partial / "images" / "000001.png", np.zeros((24, 32, 3), dtype=np.uint8))
    folder = FusedFolder(partial, {"fingerprint": fused_fingerprint(dataset, Counting())}, images=partial / "images")
    folder.begin((), dataset.samples)
    folder.add(dataset[0], 0.5)
    # The image of this line is gone; the next line was cut in the middle by the kill.
    folder.add(dataset[2], 0.5)
    with folder.path.open("a") as record:
        record.write('["000001", "0123')
    fuser = Counting()
    fused = fuse_split(dataset, fuser, work, progress=False)
    assert fuser.ids == ["000001", "000002"]
    assert fused.seconds["000000"] == 0.5


def test_a_set_that_an_earlier_version_began_is_fused_anew(
    make_labelled_pairs: MakeLabelledPairs, tmp_path: Path
) -> None:
    dataset, work = make_labelled_pairs(2), tmp_path / "work"
    final = fused_dir(work, dataset, Counting())
    partial = partial_dir(final)
    write_image(partial / "images" / "000000.png", np.zeros((24, 32, 3), dtype=np.uint8))
    (partial / "seconds.txt").write_text("0.5 000000\n")
    fuser = Counting()
    fused = fuse_split(dataset, fuser, work, progress=False)
    assert fuser.ids == ["000000", "000001"]
    assert sorted(path.name for path in fused.path.iterdir()) == ["images", "manifest.json"]


def test_pairs_of_several_sizes_keep_their_sizes(make_labelled_pairs: MakeLabelledPairs, tmp_path: Path) -> None:
    dataset = make_labelled_pairs(4)
    odd = dataset[1]
    write_image(odd.visible, np.zeros((17, 21, 3), dtype=np.uint8))
    write_image(odd.infrared, np.zeros((17, 21), dtype=np.uint8))
    fused = fuse_split(dataset, Average(), tmp_path / "work", progress=False)
    assert read_array(fused.image(odd.id)).shape == (17, 21, 3)
    assert read_array(fused.image(dataset[2].id)).shape == (24, 32, 3)


def test_a_corrupt_pair_is_named_and_the_finished_images_are_kept(
    make_labelled_pairs: MakeLabelledPairs, tmp_path: Path
) -> None:
    dataset, work = make_labelled_pairs(5), tmp_path / "work"
    # A sound header, so that only decoding finds the fault.
    content = dataset[4].infrared.read_bytes()
    dataset[4].infrared.write_bytes(content[: len(content) // 3])
    with pytest.raises(ImageError, match="000004"):
        fuse_split(dataset, Average(), work, batch_size=1, progress=False)
    write_image(dataset[4].infrared, np.zeros((24, 32), dtype=np.uint8))
    assert len(list(work.glob("fused/*.partial/images/*.png"))) == 4


def test_a_disk_without_room_is_refused_before_fusing(
    make_labelled_pairs: MakeLabelledPairs, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(fused_set.shutil, "disk_usage", lambda _: type("Usage", (), {"free": 10})())
    fuser = Counting()
    with pytest.raises(WorkdirError, match="MiB are free"):
        fuse_split(make_labelled_pairs(3), fuser, tmp_path / "work", progress=False)
    assert fuser.ids == []


def test_a_workdir_that_is_a_file_is_refused(make_labelled_pairs: MakeLabelledPairs, tmp_path: Path) -> None:
    (tmp_path / "work").write_text("")
    with pytest.raises(WorkdirError, match="--workdir"):
        fuse_split(make_labelled_pairs(2), Average(), tmp_path / "work", progress=False)


def test_a_batch_of_none_is_refused(make_labelled_pairs: MakeLabelledPairs, tmp_path: Path) -> None:
    with pytest.raises(SettingsError, match="batch_size"):
        fuse_split(make_labelled_pairs(2), Average(), tmp_path, batch_size=0, progress=False)


def test_a_damaged_manifest_says_what_to_delete(make_labelled_pairs: MakeLabelledPairs, tmp_path: Path) -> None:
    fused = fuse_split(make_labelled_pairs(2), Average(), tmp_path / "work", progress=False)
    manifest = json.loads((fused.path / "manifest.json").read_text())
    assert manifest["fuser"]["name"] == "average"
    (fused.path / "manifest.json").write_text("{")
    with pytest.raises(ResultError, match="Delete the folder"):
        read_fused_set(fused.path)


KILLED = """
import sys, time
from pathlib import Path
from datasets.base import PairedDataset, Sample
from diffif.fusers.controls.average import Average
from diffif.fusers.fused_set import fuse_split
class Slow(Average):
    fingerprint = "average in disguise"
    def fuse(self, *args, **kwargs):
        time.sleep(0.15)
        return super().fuse(*args, **kwargs)
root = Path(sys.argv[1])
samples = tuple(
    Sample(id=p.stem, visible=p, infrared=root / "infrared" / p.name) for p in sorted((root / "visible").iterdir())
)
data = PairedDataset(name="tiny", split="test", task="quality", classes=(), root=root, samples=samples)
fuse_split(data, Slow(), Path(sys.argv[2]), batch_size=1, progress=False)
"""


def test_kill_minus_9_in_the_middle_of_fusing_changes_nothing_in_the_end(
    make_labelled_pairs: MakeLabelledPairs, tmp_path: Path
) -> None:
    dataset, work = make_labelled_pairs(8), tmp_path / "work"
    process = subprocess.Popen([sys.executable, "-c", KILLED, str(dataset.root), str(work)])
    deadline = time.monotonic() + 60
    while len(list(work.glob("fused/*.partial/images/0*.png"))) < 3 and time.monotonic() < deadline:
        time.sleep(0.02)
    process.send_signal(signal.SIGKILL)
    process.wait()
    assert not list(work.glob("fused/*/manifest.json"))
    fuser = Counting()
    fused = fuse_split(dataset, fuser, work, progress=False)
    assert 0 < len(fuser.ids) <= 6
    untouched = fuse_split(dataset, Average(), tmp_path / "other", progress=False)
    for sample in dataset:
        assert fused.image(sample.id).read_bytes() == untouched.image(sample.id).read_bytes()


def test_the_contract_of_a_fuser_is_enough(make_labelled_pairs: MakeLabelledPairs, tmp_path: Path) -> None:
    class Own(Fuser):
        name, label, kind = "own", "Own", "imported"

        def _fuse_luma(self, y: Tensor, infrared: Tensor) -> Tensor:
            return infrared

    fused = fuse_split(make_labelled_pairs(2), Own(), tmp_path, spec="my.package:Own", progress=False)
    assert fused.path.name.startswith("tiny-test-my.package-")
