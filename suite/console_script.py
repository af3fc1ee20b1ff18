"""The installed commands `diffif` and `diffif-bench`: what `python -m ...` runs, by short names and from any folder."""

from __future__ import annotations

import os
import sys
from collections.abc import Sequence
from importlib import import_module
from importlib.metadata import version

from suite.command import USAGE_STATUS, run_command
from suite.errors import UnknownName, UsageError

DISTRIBUTION = "diffif-bench"
COMMANDS = {
    "quality": ("downstream.quality", "score fused images by the metrics of the field"),
    "detect": ("downstream.detect", "train a detector on the images of each fuser"),
    "segment": ("downstream.segment", "train a segmentation network on the images of each fuser"),
    "video": ("downstream.video", "fuse clips and score their frames and their consistency over time"),
    "cost": ("downstream.cost", "time and memory of each fuser"),
    "compare": ("downstream.compare", "several tasks at once"),
    "ablate": ("downstream.ablate", "the variants of Diff-IF"),
    "report": ("reports", "one HTML file, CSV and LaTeX from a working folder; report leaderboard, submit, verify"),
    "metrics": ("diffif.metrics", "score fused images that you have, or tell the convention of a table"),
    "datasets": ("datasets", "list, check, prepare datasets; draw the synthetic laboratory"),
    "diffif": ("diffif", "fuse images and videos, train Diff-IF, list the fusers; installed as diffif too"),
}
"""Name -> what follows `python -m`, and what it does."""
DEMO = (
    "--fuser",
    "visible",
    "--fuser",
    "infrared",
    "--fuser",
    "average",
    "--fuser",
    "diffif",
    "--workdir",
    "runs/demo",
)
"""What `make demo` passes to the detection task."""


def bench(argv: Sequence[str] | None = None) -> int:
    """`diffif-bench COMMAND ...`; the exit status is never 0 on failure."""
    words = list(sys.argv[1:] if argv is None else argv)
    name = words[0] if words else "--help"
    if name == "demo":
        return _run(COMMANDS["detect"][0], [*DEMO, *words[1:]])
    if name in COMMANDS:
        return _run(COMMANDS[name][0], words[1:])
    return run_command(lambda: _answer(name, asked=bool(words)))


def diffif(argv: Sequence[str] | None = None) -> int:
    """`diffif COMMAND ...`, which is `python -m diffif COMMAND ...`."""
    return _run("diffif", list(sys.argv[1:] if argv is None else argv))


def _run(module: str, words: list[str]) -> int:
    # A class of the user's own, `--fuser mine:Mean`, lies in the present folder, where `python -m` looks and an
    # installed script does not. At the end of the path, and after the packages of the suite have been found: an
    # editable installation finds them after all of the path, where a folder called `datasets` would come first.
    for package in dict.fromkeys(name.partition(".")[0] for name, _ in COMMANDS.values()):
        import_module(package)
    if not {"", os.getcwd()} & set(sys.path):
        sys.path.append(os.getcwd())
    status: int = import_module(f"{module}.__main__").main(words)
    return status


def _answer(name: str, *, asked: bool) -> int:
    if name == "--version":
        print(f"{DISTRIBUTION} {version(DISTRIBUTION)}")
        return 0
    if name not in ("-h", "--help"):
        unknown = UnknownName("command", name, known=(*COMMANDS, "demo"), hint="See diffif-bench --help.")
        raise UsageError(str(unknown))
    widest = max(map(len, COMMANDS))
    lines = ["usage: diffif-bench COMMAND ...", "", "Which fused image serves its user best?", "", "commands:"]
    lines += [f"  {name:<{widest}}  {what} (python -m {module})" for name, (module, what) in COMMANDS.items()]
    lines.append(
        f"  {'demo':<{widest}}  the main job on the synthetic laboratory (python -m {COMMANDS['detect'][0]} ...)"
    )
    lines += ["", "Options and examples of one: diffif-bench COMMAND --help"]
    print("\n".join(lines), file=sys.stdout if asked else sys.stderr)
    return 0 if asked else USAGE_STATUS
