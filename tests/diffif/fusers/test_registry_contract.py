"""Every entry of the table keeps the fuser contract; entries are found from the table, so none can be forgotten."""

from __future__ import annotations

import inspect
import os
from pathlib import Path

import pytest

from datasets.errors import CheckpointError, WeightsError
from diffif.fusers.base import Fuser
from diffif.fusers.registry import FUSERS, build_fuser, get_fuser
from tests.conftest import REPOSITORY
from tests.contracts.fuser_contract import FuserContract

# Costly settings are turned down: the contract does not depend on them.
QUICK = {
    "diffif": "diffif@steps=2",
    "csr": "csr@iterations=5",
    "latlrr": "latlrr@iterations=20",
    "gtf": "gtf@iterations=30",
}

# One setting per fuser whose change must change the fingerprint.
CHANGED = {
    "noise": "sigma=0.2",
    "laplacian": "levels=2",
    "rp": "levels=2",
    "dwt": "wavelet=db2",
    "dtcwt": "levels=2",
    "msvd": "output=stretch",
    "adf": "kappa=20",
    "fpde": "kappa=3",
    "gtf": "weight=2",
    "gff": "detail_radius=5",
    "vsm-wls": "weight=0.02",
    "latlrr": "growth=1.5",
    "csr": "rule=max",
    "tardal": "statistics=stored",
    "tardal+": "statistics=image",
    "tardal++": "statistics=image",
    "u2fusion": "output=clip",
    "densefuse": "output=half",
    "didfuse": "rule=sum",
    "seafusion": "output=clip",
    "medcnn": "threshold=0.5",
    "ddfm": "steps=5",
}


@pytest.fixture(autouse=True)
def _weights(monkeypatch: pytest.MonkeyPatch) -> None:
    folder = Path(os.environ.get("DIFFIF_SHARED", REPOSITORY.parent / "shared")) / "weights"
    if folder.is_dir():
        monkeypatch.setenv("DIFFIF_WEIGHTS", str(folder))


def build(name: str) -> Fuser:
    spec = QUICK.get(name, name)
    try:
        return build_fuser(spec)
    except (WeightsError, CheckpointError) as error:
        pytest.skip(f"{name}: {str(error).splitlines()[0]}")


@pytest.mark.parametrize("name", sorted(FUSERS))
class TestEveryFuser(FuserContract):
    @pytest.fixture
    def fuser(self, name: str) -> Fuser:
        return build(name)

    def test_table_name_is_the_class_name(self, name: str) -> None:
        assert get_fuser(name).name == name

    def test_fuser_has_a_constructor_that_takes_a_device(self, name: str) -> None:
        assert "device" in inspect.signature(get_fuser(name)).parameters


@pytest.mark.parametrize("name", sorted(CHANGED))
def test_fingerprint_changes_with_a_setting(name: str) -> None:
    build(name)  # skips where weights are missing
    assert build_fuser(name).fingerprint != build_fuser(f"{name}@{CHANGED[name]}").fingerprint


@pytest.mark.parametrize("name", sorted(FUSERS))
def test_no_fuser_with_settings_is_left_out_of_the_fingerprint_test(name: str) -> None:
    options = set(inspect.signature(get_fuser(name)).parameters) - {"device", "weights", "settings"}
    assert bool(options) == (name in CHANGED) or name == "diffif", options
