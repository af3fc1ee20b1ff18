"""What counts as an image file is said once, and every such file is read, written and measured."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

from datasets.base import IMAGE_SUFFIXES
from datasets.images import read_array, read_size, write_image
from diffif.metrics.files import match_files

REPOSITORY = Path(__file__).resolve().parent.parent.parent
LOSSY = (".jpg", ".jpeg")


@pytest.mark.parametrize("suffix", IMAGE_SUFFIXES)
def test_an_image_of_every_suffix_is_written_read_and_found(suffix: str, tmp_path: Path) -> None:
    pixels = np.random.default_rng(0).integers(0, 256, (24, 32, 3), dtype=np.uint8)
    files = [tmp_path / kind / f"a{suffix}" for kind in ("fused", "visible", "infrared")]
    for file in files:
        write_image(file, pixels)
        assert read_size(file) == (24, 32)
        if suffix not in LOSSY:
            np.testing.assert_array_equal(read_array(file), pixels)
    assert len(match_files(*(file.parent for file in files))) == 1


def test_only_one_place_lists_the_suffixes_of_images() -> None:
    packages = ("suite", "datasets", "diffif", "downstream", "reports")
    sources = [file for package in packages for file in (REPOSITORY / package).rglob("*.py")]
    listing = [str(file.relative_to(REPOSITORY)) for file in sources if '".jpeg", ".bmp"' in file.read_text("utf-8")]
    assert listing == ["datasets/base.py"]
