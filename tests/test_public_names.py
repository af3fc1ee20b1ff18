"""What the packages export: exactly these names, each of which can be had, and none of which loads torch by itself."""

from __future__ import annotations

import subprocess
import sys
from importlib import import_module

import pytest

PUBLIC = {
    "diffif": [
        "Fuser",
        "FusionMetric",
        "ImageLike",
        "Metric",
        "build_fuser",
        "evaluate",
        "from_pretrained",
        "fuse",
        "load_dataset",
        "save_pretrained",
        "search",
        "train",
        "write_image",
    ],
    "downstream": ["ImageTask", "SimpleDetector", "run_task"],
    "diffif.metrics": [
        "CONVENTIONS",
        "DEFAULT_METRICS",
        "METRICS",
        "Convention",
        "FusionMetric",
        "Metric",
        "Rules",
        "Sources",
        "UndefinedMetric",
        "choose_metrics",
        "evaluate",
        "get_convention",
        "get_metric",
        "metrics_of",
        "one_definition",
    ],
}


@pytest.mark.parametrize("package", PUBLIC)
def test_the_exported_names_are_these(package: str) -> None:
    module = import_module(package)
    assert sorted(module.__all__) == sorted(PUBLIC[package])
    for name in module.__all__:
        assert getattr(module, name) is not None
    assert set(module.__all__) <= set(dir(module))


@pytest.mark.parametrize("package", PUBLIC)
def test_an_unknown_name_is_an_attribute_error(package: str) -> None:
    with pytest.raises(AttributeError, match=f"module '{package}' has no attribute 'no_such_name'"):
        _ = import_module(package).no_such_name


@pytest.mark.parametrize("package", PUBLIC)
def test_importing_a_package_loads_no_heavy_library(package: str) -> None:
    code = f"import sys, {package}; print([m for m in ('torch', 'cv2', 'pandas') if m in sys.modules])"
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True, timeout=120)
    assert done.stdout.strip() == "[]"
