# mypy: disable-error-code="no-untyped-call"
"""Ultralytics, kept quiet and polite: no analytics, no sync, no downloads, nothing written outside the working folder.

`prepare_yolo` must run before the first import of ultralytics, which reads these variables once (8.4).
"""

from __future__ import annotations

import atexit
import logging
import os
import sys
import tempfile
from functools import cache
from pathlib import Path

ENVIRONMENT = {
    "YOLO_OFFLINE": "true",  # no fonts, no weights, no update check, no analytics
    "YOLO_AUTOINSTALL": "false",  # never runs pip
    "ULTRALYTICS_SAFE_LOAD": "true",  # checkpoints are data: no code from a pickle
    "NO_ALBUMENTATIONS_UPDATE": "1",
}
INTEGRATIONS = ("clearml", "comet", "dvc", "mlflow", "raytune", "tensorboard", "wandb")


def prepare_yolo(workdir: Path) -> None:
    """Set ultralytics up for this process; its settings file lies in `<workdir>/ultralytics`.

    Where the working folder is not there yet (a dry run) it lies in a temporary folder.
    """
    first = "ultralytics" not in sys.modules
    os.environ.update(ENVIRONMENT)
    # An account key would switch on the upload of trainings to Ultralytics' platform.
    os.environ.pop("ULTRALYTICS_API_KEY", None)
    config = workdir / "ultralytics" if workdir.is_dir() else _temporary_config()
    config.mkdir(parents=True, exist_ok=True)
    if first:
        os.environ["YOLO_CONFIG_DIR"] = str(config)
    # The import announces the settings file that it writes, at length; what it has to warn of is let through.
    logger = logging.getLogger("ultralytics")
    logger.addFilter(_is_warning)
    try:
        from ultralytics import settings
    finally:
        logger.removeFilter(_is_warning)
    _load_safely()

    wanted: dict[str, object] = {
        "sync": False,
        "api_key": "",
        "runs_dir": str(config / "runs"),
        "weights_dir": str(config / "weights"),
        "datasets_dir": str(config / "datasets"),
        "vscode_msg": False,
        **dict.fromkeys(INTEGRATIONS, False),
    }
    changed = {key: value for key, value in wanted.items() if key in settings and settings[key] != value}
    if changed:
        settings.update(changed)


def _load_safely() -> None:
    """Restricted loading even where something else imported ultralytics first, which reads its variable once."""
    for name in ("ultralytics.utils", "ultralytics.nn.tasks"):
        if name in sys.modules:
            sys.modules[name].SAFE_LOAD = True  # type: ignore[attr-defined]


@cache
def _temporary_config() -> Path:
    folder = tempfile.TemporaryDirectory(prefix="ultralytics-")
    atexit.register(folder.cleanup)
    return Path(folder.name)


def _is_warning(record: logging.LogRecord) -> bool:
    return record.levelno >= logging.WARNING


def limit_threads(num_threads: int) -> None:
    """Make ultralytics' CPU trainings use so many threads; by itself it takes nearly all cores (8.4)."""
    from ultralytics.utils import torch_utils

    torch_utils.NUM_THREADS = num_threads  # type: ignore[attr-defined]
