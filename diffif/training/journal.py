"""What a training run writes down for people: losses and scores as CSV and TensorBoard curves, sample images."""

from __future__ import annotations

import csv
from collections.abc import Mapping, Sequence
from pathlib import Path

import torch
from torch import Tensor

from suite.files import write_file

SAMPLE_IMAGES = 4


class Journal:
    """Appends to the run's tables; rows after the step that a restart resumes from are dropped first.

    Args:
        out: Folder of the run.
        first_step: Steps done when this process started.
        active: False in all but the main process, which then write nothing.
    """

    def __init__(self, out: Path, *, first_step: int, active: bool) -> None:
        self.out = out
        self.active = active
        self._rows: dict[str, list[dict[str, float]]] = {"losses": [], "validation": []}
        if not active:
            return
        from torch.utils.tensorboard import SummaryWriter

        for table in self._rows:
            self._cut(out / f"{table}.csv", first_step)
        self._writer = SummaryWriter(str(out / "tensorboard"), purge_step=first_step + 1)

    def losses(self, step: int, terms: Mapping[str, float]) -> None:
        """One step's loss terms."""
        self._add("losses", step, terms)

    def validation(
        self, step: int, scores: Mapping[str, float], fused: Sequence[Tensor], pairs: Sequence[tuple[Tensor, Tensor]]
    ) -> None:
        """One validation's scores, with sample images: visible, infrared, fused side by side, (1, 1, H, W) each."""
        self._add("validation", step, scores)
        for index, (image, sources) in enumerate(list(zip(fused, pairs, strict=True))[:SAMPLE_IMAGES]):
            strip = torch.cat([*sources, image], dim=-1)[0]
            self._writer.add_image(f"sample/{index}", strip, step)
        self.flush()

    def flush(self) -> None:
        """Write what is still in memory."""
        for table, rows in self._rows.items():
            path = self.out / f"{table}.csv"
            fresh = not path.is_file()
            if not rows:
                continue
            with path.open("a", newline="", encoding="utf-8") as opened:
                writer = csv.DictWriter(opened, fieldnames=list(rows[0]))
                if fresh:
                    writer.writeheader()
                writer.writerows(rows)
            rows.clear()
        if self.active:
            self._writer.flush()

    def close(self) -> None:
        """Write the rest and close the files."""
        self.flush()
        if self.active:
            self._writer.close()

    def _add(self, table: str, step: int, values: Mapping[str, float]) -> None:
        self._rows[table].append({"step": step, **values})
        for name, value in values.items():
            self._writer.add_scalar(f"{table}/{name}", value, step)

    @staticmethod
    def _cut(path: Path, first_step: int) -> None:
        if not path.is_file():
            return
        with path.open(newline="", encoding="utf-8") as opened:
            reader = csv.DictReader(opened)
            # A killed process can leave half a row at the end; it belongs to a step that is done again anyway.
            rows = [row for row in reader if None not in row.values() and int(row["step"]) <= first_step]
            names = list(reader.fieldnames or [])
        with write_file(path) as temporary, temporary.open("w", newline="", encoding="utf-8") as opened:
            writer = csv.DictWriter(opened, fieldnames=names)
            writer.writeheader()
            writer.writerows(rows)
