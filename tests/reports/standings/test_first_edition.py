"""The submissions that ship with the repository are accepted, and hold text alone."""

from __future__ import annotations

from pathlib import Path

from reports.standings.entries import read_entries

LEADERBOARD = Path(__file__).resolve().parents[3] / "leaderboard"


def test_every_shipped_submission_is_accepted() -> None:
    entries = read_entries(LEADERBOARD)
    assert {"visible", "infrared", "average", "laplacian", "diffif"} <= {entry.method for entry in entries}
    assert {record.task for entry in entries for record in entry.submission.records} >= {"quality", "detect", "cost"}


def test_they_hold_text_alone_and_little_of_it() -> None:
    files = [path for path in LEADERBOARD.rglob("*") if path.is_file()]
    assert {path.suffix for path in files} <= {".md", ".yaml", ".json", ".csv"}
    assert sum(path.stat().st_size for path in files) < 6 * 2**20
