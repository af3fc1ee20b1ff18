"""What detection and segmentation share: splits, fusers, and fused sets made at the first request."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from datasets.base import PairedDataset
from diffif.fusers.base import Fuser
from diffif.fusers.fused_set import FusedSet, fuse_split
from downstream.ablation import NOT_VARIED, Ablation


@dataclass(frozen=True, kw_only=True)
class TaskRun:
    """What all cells of one command share."""

    splits: Mapping[str, PairedDataset]
    """train, val and test."""
    fusers: Mapping[str, Fuser]
    """By what the user wrote; the one that trains a frozen network included."""
    workdir: Path
    device: str
    command: str
    notes: tuple[str, ...] = ()
    fuse_batch: int = 4
    ablation: Ablation = NOT_VARIED
    """Which variant of its fuser the command judges."""
    fused: dict[tuple[str, str], FusedSet] = field(default_factory=dict)

    def fused_set(self, spec: str, split: str) -> FusedSet:
        """The fused images of one split."""
        if (spec, split) not in self.fused:
            self.fused[spec, split] = fuse_split(
                self.splits[split], self.fusers[spec], self.workdir, spec=spec, batch_size=self.fuse_batch
            )
        return self.fused[spec, split]

    def describe_data(self) -> dict[str, Any]:
        """The dataset as a record states it, free of machine paths."""
        test = self.splits["test"]
        return {
            "name": test.name,
            "fingerprints": {split: dataset.fingerprint for split, dataset in self.splits.items()},
            "counts": {split: len(dataset) for split, dataset in self.splits.items()},
            "classes": list(test.classes),
            "facts": dict(test.facts),
        }

    def describe_fuser(self, spec: str) -> dict[str, Any] | None:
        """Name, fingerprint and settings of a fuser; None where there is none of that name."""
        fuser = self.fusers.get(spec)
        if fuser is None:
            return None
        return {"name": fuser.name, "fingerprint": fuser.fingerprint, "settings": dict(fuser.settings)}
