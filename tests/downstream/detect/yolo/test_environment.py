from __future__ import annotations

import subprocess
import sys
from pathlib import Path

from tests.downstream.conftest import REPOSITORY

SCRIPT = """
import sys
from pathlib import Path
from downstream.detect.yolo.environment import prepare_yolo
prepare_yolo(Path(sys.argv[1]))
from ultralytics.utils import LOGGER
LOGGER.info("progress")
"""


def test_setting_up_says_nothing_and_mutes_nothing(tmp_path: Path) -> None:
    done = subprocess.run(
        [sys.executable, "-c", SCRIPT, str(tmp_path)], capture_output=True, text=True, check=True, cwd=REPOSITORY
    )
    assert (done.stdout + done.stderr).strip() == "progress"
    assert list((tmp_path / "ultralytics").rglob("settings.json"))


IMPORTED_FIRST = """
import sys
from pathlib import Path
import ultralytics.nn.tasks
from downstream.detect.yolo.environment import prepare_yolo
from downstream.detect.yolo.checkpoint import require_safe_loading
prepare_yolo(Path(sys.argv[1]))
require_safe_loading()
print("restricted")
"""


def test_weights_are_data_even_where_ultralytics_was_imported_first(tmp_path: Path) -> None:
    done = subprocess.run(
        [sys.executable, "-c", IMPORTED_FIRST, str(tmp_path)],
        capture_output=True,
        text=True,
        check=True,
        cwd=REPOSITORY,
    )
    assert done.stdout.strip().endswith("restricted")
