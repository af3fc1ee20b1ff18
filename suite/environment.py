"""Refuses an environment in which another package carries the name of one of ours.

Hugging Face's library is called `datasets` too. Python imports whichever lies first on its path, and two installations
into one folder overwrite each other's files; the errors that follow name neither package.
"""

from __future__ import annotations

from importlib.metadata import PackageNotFoundError, version

from suite.errors import EnvironmentConflict

OTHER = "datasets"
"""The distribution whose package has the name of ours."""


def refuse_other_datasets() -> None:
    """Check that Hugging Face's `datasets` is not installed here.

    Raises:
        EnvironmentConflict: it is; says what to do.
    """
    try:
        found = version(OTHER)
    except PackageNotFoundError:
        return
    raise EnvironmentConflict(
        f"Hugging Face's package {OTHER!r} ({found}) is installed in this environment. Diff-IF Bench has a package of "
        "the same name, and Python can import only one of them.\nGive Diff-IF Bench an environment of its own "
        "(python -m venv .venv), or: pip uninstall datasets\nIf Diff-IF Bench was installed from a wheel here, the two "
        "have overwritten files of each other: install it once more then, with pip install --force-reinstall --no-deps."
    )
