from __future__ import annotations

import shutil
from pathlib import Path

import numpy as np
import pytest

from diffif.fusers.deep.pretrained import from_tensorflow
from diffif.fusers.published.tensorflow_checkpoint import checkpoint_prefix, is_checkpoint, read_checkpoint
from suite.errors import WeightsError
from tests.conftest import REPOSITORY

GOLDEN = REPOSITORY / "tests" / "golden" / "tensorflow_checkpoint"


@pytest.mark.parametrize("ending", ["", ".index", ".data-00000-of-00001", ".meta"])
def test_checkpoint_written_by_tensorflow_is_read_bit_for_bit(ending: str) -> None:
    tensors = read_checkpoint(GOLDEN / f"model.ckpt{ending}")
    with np.load(GOLDEN / "expected.npz") as expected:
        assert {name.replace("|", "/") for name in expected} == set(tensors)
        for name in expected:
            np.testing.assert_array_equal(tensors[name.replace("|", "/")].numpy(), expected[name])


def test_kernels_become_torch_layout() -> None:
    state = from_tensorflow(read_checkpoint(GOLDEN / "model.ckpt"), {"encoder": "", "decoder": "decoder."})
    assert state["conv1_1.weight"].shape == (4, 1, 3, 3)
    assert state["decoder.conv2_4.weight"].shape == (1, 4, 3, 3)
    assert "global_step" not in state


def test_prefix_is_found_from_any_of_the_files(tmp_path: Path) -> None:
    for name in ("model.ckpt", "model.ckpt.index", "model.ckpt.meta", "model.ckpt.data-00000-of-00001"):
        assert checkpoint_prefix(tmp_path / name) == tmp_path / "model.ckpt"
    assert is_checkpoint(GOLDEN / "model.ckpt")
    assert not is_checkpoint(tmp_path / "model.ckpt")


def test_other_files_and_missing_data_are_refused(tmp_path: Path) -> None:
    (tmp_path / "other.ckpt.index").write_bytes(b"x" * 100)
    with pytest.raises(WeightsError, match=r"not a TensorFlow checkpoint of version 2: .*magic"):
        read_checkpoint(tmp_path / "other.ckpt")
    shutil.copy(GOLDEN / "model.ckpt.index", tmp_path)
    with pytest.raises(WeightsError, match="cannot read the TensorFlow checkpoint"):
        read_checkpoint(tmp_path / "model.ckpt")
