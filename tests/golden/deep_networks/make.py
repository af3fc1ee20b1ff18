"""Record what every deep network gives with closed-form weights: `python -m tests.golden.deep_networks.make`.

Run it only while tests/golden/test_deep_fusers.py passes with the published weights; see README.md beside this file.
"""

from __future__ import annotations

import tempfile
from pathlib import Path

import numpy as np

from tests.golden.test_deep_networks import FILE, luma_with_closed_form_weights, network_names


def main() -> int:
    """Write the file anew."""
    with tempfile.TemporaryDirectory() as folder:
        luma = {name: luma_with_closed_form_weights(name, Path(folder)).numpy() for name in network_names()}
    np.savez_compressed(FILE, **luma)
    for name, array in luma.items():
        print(f"{name}: {array.min():.3f} to {array.max():.3f}, standard deviation {array.std():.3f}")
    return 0


if __name__ == "__main__":
    raise SystemExit(main())
