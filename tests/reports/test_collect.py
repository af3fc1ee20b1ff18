from __future__ import annotations

from pathlib import Path

from reports.boards import build_boards
from reports.collect import collect
from reports.provenance import gaps


def test_other_settings_make_another_table(fabricator) -> None:
    fabricator.detect("average", seed=0, epochs=1)
    fabricator.detect("average", seed=0, epochs=10)
    contexts = collect(fabricator.workdir).contexts
    assert [c.setup for c in contexts] == ["epochs=1", "epochs=10"]


def test_another_fuser_or_seed_stays_in_the_same_table(fabricator) -> None:
    for fuser in ("average", "max"):
        for seed in (0, 1):
            fabricator.detect(fuser, seed=seed)
    (context,) = collect(fabricator.workdir).contexts
    assert context.setup == ""


def test_seeds_are_averaged_and_their_spread_is_kept(fabricator) -> None:
    cells = {fabricator.detect("average", seed=seed) for seed in (0, 1, 2)}
    collection = collect(fabricator.workdir)
    values = [row.value for c in cells for row in collection.records[c].rows if row.metric == "map50"]
    (board,) = build_boards(collection)
    score = board.scores["average", "map50"]
    assert abs(score.value - sum(values) / 3) < 1e-12
    assert score.sd > 0
    assert set(score.cells) == cells
    assert score.seeds == (0, 1, 2)


def test_the_newer_of_two_records_for_one_place_counts(fabricator) -> None:
    settings = {"seed": 0, "method": "old"}
    old = fabricator.detect("diffif", started="2025-01-01T00:00:00Z", **settings)
    new = fabricator.detect("diffif", started="2025-02-01T00:00:00Z", **(settings | {"method": "new"}))
    collection = collect(fabricator.workdir)
    assert set(collection.records) == {new}
    assert [r.cell_id for r in collection.superseded] == [old]


def test_ablation_variants_stay_out_of_the_leaderboard(full_workdir: Path) -> None:
    boards = build_boards(collect(full_workdir))
    assert all("no-prior" not in method for board in boards for method in board.methods)


def test_gaps_name_the_missing_seed_and_the_missing_fuser(fabricator) -> None:
    for fuser, seeds in (("average", (0, 1)), ("max", (0,))):
        for seed in seeds:
            fabricator.detect(fuser, seed=seed)
    fabricator.quality("laplacian")
    texts = [gap.text for gap in gaps(collect(fabricator.workdir))]
    assert any(t.startswith("max (seed 1): Detection") for t in texts)
    assert any(t.startswith("laplacian: Detection") for t in texts)
    assert any(t.startswith("average: Image quality") for t in texts)
