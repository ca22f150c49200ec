"""The benchmark measures what its table says, for every title."""

import json

from npckit.games.contract import Game
from npckit.train.bench import bench, contests, sim_rows


def test_a_rate_counts_decisions_of_learners_and_ticks_of_games(title: Game) -> None:
    rows = {(row["what"], row["threads"]): row for row in sim_rows(title, 64, 0.002)}
    learning = rows[(f"features, {contests(title)[0].name}", 1)]
    games = learning["agent_steps"] / title.spec.max_seats
    assert abs(learning["ticks"] / (games * title.spec.decision_ticks) - 1) < 1e-9
    assert {what.split(",")[0] for what, _ in rows} >= {"features", "planes", "pixels"}


def test_the_figures_are_written_as_they_were_printed(tmp_path, capsys, monkeypatch) -> None:
    monkeypatch.setenv("COLUMNS", "160")  # a narrow terminal folds the table
    bench("sim", title="pong", envs=64, seconds=0.002, out=tmp_path / "bench.json")
    told = json.loads((tmp_path / "bench.json").read_text())
    assert all(row["ticks"] + row["agent_steps"] > 0 for row in told["rows"])
    parts = ("rules", "opponent", "observation", "around")
    assert all(row[part] >= 0 for row in told["nanoseconds"] for part in parts)
    printed = capsys.readouterr().out
    assert all(f"{row['ticks']:,.0f}" in printed for row in told["rows"])
