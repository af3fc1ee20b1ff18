"""Keeps the report of a working folder up to date while its cells are computed, in a process of its own.

A runner calls `renew` after every finished cell and `finish` at its end. At most one report is built at a time, at low
priority; what changes meanwhile is built next. A report that cannot be built stops no computation.
"""

from __future__ import annotations

import shutil
import subprocess
import sys
from collections.abc import Sequence
from pathlib import Path

from suite.files import make_dir
from suite.pending import PendingCell, write_pending

LOG = "renewal.log"


class ReportRenewal:
    """The report of one working folder.

    Args:
        workdir: The working folder.
        command: What builds a report of the folder that is appended to it.
    """

    def __init__(self, workdir: Path, *, command: Sequence[str] = (sys.executable, "-m", "reports")) -> None:
        self._workdir = workdir
        nice = ("nice", "-n", "10") if shutil.which("nice") else ()
        self._command = [*nice, *command, str(workdir)]
        self._process: subprocess.Popen[bytes] | None = None
        self._is_wanted = False

    @property
    def page(self) -> Path:
        """Where the report is."""
        return self._workdir / "report" / "index.html"

    def renew(self, pending: Sequence[PendingCell]) -> None:
        """Build the report again, now or as soon as the build in work has ended; returns at once.

        Args:
            pending: The cells that are not finished; the page shows them as being computed.
        """
        write_pending(self._workdir, pending)
        self._is_wanted = True
        self.poll()

    def poll(self) -> None:
        """Start the build that is wanted, if none is in work."""
        if not self._is_wanted or (self._process is not None and self._process.poll() is None):
            return
        self._is_wanted = False
        folder = make_dir(self._workdir / "report")
        with (folder / LOG).open("ab") as log:
            self._process = subprocess.Popen(self._command, stdin=subprocess.DEVNULL, stdout=log, stderr=log)

    def finish(self, pending: Sequence[PendingCell] = ()) -> None:
        """Wait for the build in work, then write down what is still unfinished; the last build is the caller's.

        Args:
            pending: What is left, where cells failed or the grid was interrupted.
        """
        self._is_wanted = False
        if self._process is not None:
            self._process.wait()
        write_pending(self._workdir, pending)
        (self._workdir / "report" / LOG).unlink(missing_ok=True)
