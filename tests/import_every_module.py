"""Import every module of the suite: `make imports` runs this with the base install, where the extras are absent.

python tests/import_every_module.py [PACKAGE ...]      packages to treat as not installed
"""

from __future__ import annotations

import pkgutil
import sys
from importlib import import_module
from pathlib import Path

PACKAGES = ("suite", "datasets", "diffif", "downstream", "reports")


def main(absent: list[str]) -> int:
    """Import all, name those that fail; the exit status is their number."""
    # Python puts the script's own folder first, where tests/suite would be taken for the package.
    sys.path[0] = str(Path(__file__).resolve().parents[1])
    for name in absent:
        sys.modules[name] = None  # type: ignore[assignment]
    failures = []
    for package in PACKAGES:
        names = [package]
        for found in pkgutil.walk_packages(import_module(package).__path__, f"{package}."):
            names.append(found.name)
        for name in names:
            try:
                import_module(name)
            except ImportError as error:
                failures.append(f"{name}: {error}")
    print("\n".join(failures) or "every module imports")
    return len(failures)


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
