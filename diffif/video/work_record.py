"""Which fuser made the frames of which sources: a record beside the result, so that only the same work is resumed."""

from __future__ import annotations

import hashlib
import json
from pathlib import Path
from typing import TYPE_CHECKING, Any

from diffif.fusers.fused_folder import describe_differences
from suite.errors import WorkdirError, list_offenders
from suite.files import write_text

if TYPE_CHECKING:
    from diffif.fusers.base import Fuser

SUFFIX = ".fuse.json"


def claim_result(out: Path, fuser: Fuser, sources: tuple[Path, Path], *, begun: bool, overwrite: bool) -> None:
    """Write down what work this is, or refuse to go on with other work.

    Args:
        out: The video, or the folder of frames.
        fuser: What fuses.
        sources: Visible and infrared: video files, or folders of frames.
        begun: Whether some of the result is there.
        overwrite: Whether it is made again in any case.

    Raises:
        WorkdirError: what is there was made by another fuser, of other sources, or nobody knows by what.
    """
    path = out.with_name(f"{out.name}{SUFFIX}")
    work = {
        "fuser": fuser.name,
        "settings": json.loads(json.dumps(dict(fuser.settings))),
        "fingerprint": fuser.fingerprint,
        "visible": _digest(sources[0]),
        "infrared": _digest(sources[1]),
    }
    if begun and not overwrite:
        before = _read(path)
        differences = ["nothing says what made it"] if before is None else describe_differences(before, work)
        if differences:
            raise WorkdirError(
                f"{out} holds other work:\n{list_offenders(differences)}\nPass another --out, or --overwrite to fuse "
                "all again."
            )
    write_text(path, json.dumps(work, indent=1))


def _read(path: Path) -> dict[str, Any] | None:
    try:
        content = json.loads(path.read_text(encoding="utf-8")) if path.is_file() else None
    except (OSError, ValueError, RecursionError):
        return None
    return content if isinstance(content, dict) else None


def _digest(source: Path) -> str:
    files = sorted(path for path in source.iterdir() if path.is_file()) if source.is_dir() else [source]
    digest = hashlib.sha256()
    for file in files:
        digest.update(file.name.encode("utf-8", "surrogateescape") if source.is_dir() else b"")
        with file.open("rb") as opened:
            digest.update(hashlib.file_digest(opened, "sha256").digest())
    return digest.hexdigest()[:16]
