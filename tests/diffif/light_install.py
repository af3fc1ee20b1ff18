"""Score by every metric, fuse by every fuser that needs no weights, with few packages: `light_install.py PACKAGE ...`.

Modules of packages that are neither given nor needed by one of them cannot be imported. Prints what failed.
"""

from __future__ import annotations

import re
import sys
from collections.abc import Iterable, Sequence
from importlib.metadata import PackageNotFoundError, packages_distributions, requires
from pathlib import Path
from tempfile import TemporaryDirectory
from types import ModuleType
from typing import Any

OURS = {"suite", "datasets", "diffif", "downstream", "reports"}


def with_dependencies(packages: Iterable[str]) -> set[str]:
    """The packages, and what they need in turn, without extras; normalised names."""
    found: set[str] = set()
    waiting = [_normal(package) for package in packages]
    while waiting:
        name = waiting.pop()
        if name in found:
            continue
        found.add(name)
        try:
            needed = requires(name) or []
        except PackageNotFoundError:
            continue
        waiting += [_normal(re.split(r"[^\w.-]", line, maxsplit=1)[0]) for line in needed if "extra ==" not in line]
    return found


def _normal(name: str) -> str:
    return re.sub(r"[-_.]+", "-", name).lower()


class OnlyThese:
    """A finder in front of others, which does not find the modules of other packages."""

    def __init__(self, packages: Iterable[str], finders: Sequence[Any]) -> None:
        allowed = with_dependencies(packages)
        self._finders = finders
        self._absent = {
            module
            for module, owners in packages_distributions().items()
            if not {_normal(owner) for owner in owners} & allowed and module not in OURS
        }

    def find_spec(self, name: str, path: Sequence[str] | None = None, target: ModuleType | None = None) -> Any:
        """As every finder of the path does it; None: not found."""
        if name.partition(".")[0] in self._absent:
            return None
        specs = (finder.find_spec(name, path, target) for finder in self._finders)
        return next((spec for spec in specs if spec is not None), None)


def main(packages: Sequence[str]) -> int:
    """The exit status is the number of metrics and fusers that failed."""
    sys.meta_path[:] = [OnlyThese(packages, tuple(sys.meta_path))]
    import numpy as np

    import diffif
    from diffif.fusers.registry import FUSERS, build_fuser
    from diffif.metrics import METRICS
    from suite.errors import MissingPackage, SettingsError, WeightsError

    generator = np.random.default_rng(0)
    visible, infrared = generator.random((176, 176, 3)), generator.random((176, 176))
    fused = diffif.fuse(visible, infrared, "average")
    failed = []
    for name in METRICS:
        try:
            diffif.evaluate(fused, visible, infrared, [name])
        except ImportError as error:
            failed.append(f"metric {name}: {error}")
    for name in FUSERS:
        try:
            diffif.fuse(visible[:48, :48], infrared[:48, :48], build_fuser(name))
        except (WeightsError, MissingPackage):  # no weights here; the prior of ddfm is an extra
            continue
        except (ImportError, SettingsError) as error:  # the registry says which import failed
            failed.append(f"fuser {name}: {error}")
    print("\n".join(failed) or f"{len(METRICS)} metrics, {len(FUSERS)} fusers")
    return len(failed) + _run_commands(visible, infrared)


def _run_commands(visible: Any, infrared: Any) -> int:
    """Fuse and score files by the two commands; 0 where both succeed."""
    import numpy as np

    from datasets.images import write_image
    from diffif.__main__ import main as diffif
    from diffif.metrics.__main__ import main as metrics

    with TemporaryDirectory() as folder:
        paths = [str(Path(folder) / f"{name}.png") for name in ("fused", "visible", "infrared")]
        write_image(Path(paths[1]), np.uint8(255 * visible))
        write_image(Path(paths[2]), np.uint8(255 * infrared))
        return diffif(["fuse", *paths[1:], "--out", paths[0]]) + metrics(paths)


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
