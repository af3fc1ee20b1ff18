"""Metrics without a reference: what they say where package or weights are missing, and what they ask of pyiqa."""

from __future__ import annotations

import pickle
import sys
from pathlib import Path

import numpy as np
import pytest
import torch

from diffif.metrics import choose_metrics, evaluate, get_metric
from diffif.metrics.no_reference import WEIGHTS
from diffif.metrics.registry import EXTRA_METRICS
from suite.errors import MissingPackage, WeightsError
from tests.contracts.metric_contract import make_triple


@pytest.fixture
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.setenv("DIFFIF_WEIGHTS", str(tmp_path))
    (tmp_path / "pyiqa").mkdir()
    return tmp_path / "pyiqa"


def test_they_have_names_and_are_never_part_of_all() -> None:
    assert [get_metric(name).name for name in EXTRA_METRICS] == list(WEIGHTS)
    assert not set(EXTRA_METRICS) & {metric.name for metric in choose_metrics(["all"], "standard")}


@pytest.mark.parametrize("name", WEIGHTS)
def test_missing_weights_are_named_and_not_fetched(name: str, folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    images = make_triple(100, 110)
    with pytest.raises(WeightsError, match=f"no weights for {name} at .*{WEIGHTS[name][1]}.*not fetched"):
        evaluate(*images, metrics=(name,))
    monkeypatch.delenv("DIFFIF_WEIGHTS")
    with pytest.raises(WeightsError, match=r"at \$DIFFIF_WEIGHTS/pyiqa/"):
        evaluate(*images, metrics=(name,))


def test_a_missing_package_is_an_instruction(folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (folder / WEIGHTS["niqe"][1]).touch()
    monkeypatch.setitem(sys.modules, "pyiqa", None)
    with pytest.raises(MissingPackage, match=r"metric niqe needs .*pip install --no-deps pyiqa"):
        evaluate(*make_triple(100, 110), metrics=("niqe",))


def test_pyiqa_scores_the_fused_image_with_the_weights_given(folder: Path) -> None:
    pyiqa = pytest.importorskip("pyiqa")
    from scipy.io import savemat

    random = np.random.default_rng(0)
    factor = random.standard_normal((36, 36))
    path = folder / WEIGHTS["niqe"][1]
    savemat(path, {"mu_prisparam": random.random((1, 36)), "cov_prisparam": factor @ factor.T})
    grey = make_triple(200, 210, batch=2)[0]
    expected = pyiqa.create_metric("niqe", device="cpu", pretrained_model_path=str(path))(grey.expand(-1, 3, -1, -1))
    torch.testing.assert_close(evaluate(grey, grey, grey, metrics=("niqe",))["niqe"], expected.flatten().double())


def test_a_file_that_could_run_code_is_refused(folder: Path) -> None:
    pytest.importorskip("pyiqa")
    (folder / WEIGHTS["musiq"][1]).write_bytes(pickle.dumps(print))
    with pytest.raises(WeightsError, match="holds more than tensors"):
        evaluate(*make_triple(100, 110), metrics=("musiq",))
