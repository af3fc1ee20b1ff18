"""The average, the best epoch and the file of a training; whole trainings are killed in the tests of each library."""

from __future__ import annotations

from pathlib import Path

import pytest
import torch
from torch import nn

from downstream.training_state import STATE, EpochCount, NetworkState


def make_state(*, average_statistics: bool = False) -> NetworkState:
    torch.manual_seed(0)
    network = nn.Sequential(nn.Linear(2, 2), nn.BatchNorm1d(2))
    optimizer = torch.optim.AdamW(network.parameters(), lr=0.1)
    return NetworkState(network, optimizer, average_statistics=average_statistics)


def train_one_step(state: NetworkState, step: int) -> None:
    state.network(torch.arange(6.0).reshape(3, 2)).square().sum().backward()
    state.optimizer.step()
    state.update_average(0.99, step)


@pytest.mark.parametrize("average_statistics", [True, False])
def test_statistics_of_batch_normalisation_are_averaged_only_where_asked(average_statistics: bool) -> None:
    state = make_state(average_statistics=average_statistics)
    start = {name: value.clone() for name, value in state.average.items()}
    train_one_step(state, 0)
    now = state.network.state_dict()
    # In step 0 the average keeps a tenth of what it was.
    expected = start["1.running_mean"] * 0.1 + now["1.running_mean"] * 0.9
    assert torch.allclose(state.average["1.running_mean"], expected if average_statistics else now["1.running_mean"])
    assert torch.allclose(state.average["0.weight"], start["0.weight"] * 0.1 + now["0.weight"] * 0.9)
    assert state.average["1.num_batches_tracked"] == 1


def test_the_best_epoch_counts_and_patience_ends_a_training() -> None:
    epochs = EpochCount()
    better = [epochs.close({"loss": 1.0}, score=score, epochs=9, patience=2) for score in (0.0, 0.5, 0.5, 0.4)]
    assert better == [True, True, False, False]
    assert (epochs.best_epoch, epochs.best_score, epochs.finished) == (2, 0.5, True)
    assert [row["epoch"] for row in epochs.history] == [1, 2, 3, 4]


def test_a_restored_state_goes_on_as_the_saved_one(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    state = make_state()
    train_one_step(state, 0)
    state.epochs.close({"loss": 1.0}, score=0.5, epochs=3, patience=3)
    state.save(tmp_path)
    restored = make_state()
    restored.restore(tmp_path, "cpu")
    assert "resuming after epoch 1" in capsys.readouterr().out
    assert restored.epochs == state.epochs
    for one in (state, restored):
        one.optimizer.zero_grad()
        train_one_step(one, 1)
    assert all(torch.equal(value, restored.average[name]) for name, value in state.average.items())


def test_a_state_of_an_earlier_version_is_named_and_left(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    torch.save({"progress": {"epoch": 4, "best_map": 0.5}}, tmp_path / STATE)
    state = make_state()
    state.restore(tmp_path, "cpu")
    assert "earlier version" in capsys.readouterr().out
    assert state.epochs == EpochCount()
