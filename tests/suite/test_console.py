"""Tables are readable on a narrow terminal and whole in a file."""

from __future__ import annotations

import pytest
from rich.table import Table

from suite.console import print_table


def make_table() -> Table:
    table = Table("fuser", *(f"metric {number}" for number in range(6)), title="scores")
    for name in ("average", "diffif"):
        table.add_row(name, *(f"{number}.123456" for number in range(6)))
    return table


def on_terminal(monkeypatch: pytest.MonkeyPatch, columns: int) -> None:
    monkeypatch.setenv("FORCE_COLOR", "1")
    monkeypatch.setenv("COLUMNS", str(columns))


def test_a_narrow_terminal_gets_one_block_per_row(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    on_terminal(monkeypatch, 40)
    print_table(make_table())
    lines = capsys.readouterr().out.splitlines()
    assert lines[:3] == ["scores", "average", "  metric 0  0.123456"]
    assert len(lines) == 1 + 2 * 7
    assert max(map(len, lines)) <= 40


def test_a_wide_terminal_and_a_file_get_the_table(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.delenv("COLUMNS", raising=False)
    print_table(make_table())
    in_file = capsys.readouterr().out
    on_terminal(monkeypatch, 120)
    print_table(make_table())
    on_screen = capsys.readouterr().out
    for shown in (in_file, on_screen):
        assert "metric 5" in shown
        assert all(f"{number}.123456" in shown for number in range(6))
        assert "│ average" in shown
