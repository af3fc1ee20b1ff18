"""A folder of priors belongs to the pairs that it was begun with.

Candidates and scores are found again by the pair's id alone, so the same folder with other images of the same ids would
silently mix two data sets. More pairs may join; a pair that is there may not change.
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Sequence
from pathlib import Path

from datasets.base import Sample
from suite.errors import DatasetError, list_offenders
from suite.files import write_text

CLAIM_FILE = "pairs.json"
DIGEST_LENGTH = 16


def claim_folder(out: Path, samples: Sequence[Sample]) -> None:
    """Write down which images the folder's pairs are, or check them against what was written before.

    Args:
        out: Folder of the prior.
        samples: The pairs of this search.

    Raises:
        DatasetError: the folder was begun with other images of the same ids; lists up to ten.
    """
    path = out / CLAIM_FILE
    before: dict[str, str] = json.loads(path.read_text(encoding="utf-8")) if path.is_file() else {}
    now = {sample.id: _digest(sample) for sample in samples}
    changed = [one for one, digest in now.items() if before.get(one, digest) != digest]
    if changed:
        raise DatasetError(
            f"{out} was begun with other images of {len(changed)} of these {len(now)} pairs:\n"
            f"{list_offenders(changed)}\nIts candidates and scores do not belong to them: pass another --out."
        )
    if not now.keys() <= before.keys():
        write_text(path, json.dumps(before | now, indent=0))


def _digest(sample: Sample) -> str:
    return hashlib.sha256(sample.digest).hexdigest()[:DIGEST_LENGTH]
