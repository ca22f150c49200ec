"""The benchmarks measure what their tables say, for every title."""

import json
from pathlib import Path

import pytest
from npckit import cli
from npckit.games.contract import Game
from npckit.train.bench.learn_tables import print_skill, times_as_fast
from npckit.train.bench.lines import BEST, EQUAL, OURS, speed_lines
from npckit.train.bench.sim import contests, sim, sim_rows
from npckit.train.bench.skill import goal_of
from npckit.train.config import ALGORITHMS, resolved
from npckit.train.presets import find_preset

FIGURES = ("samples_per_second", "updates_per_1000_samples", "simulate", "infer", "learn", "peak_mb")


def test_a_rate_counts_decisions_of_learners_and_ticks_of_games(title: Game) -> None:
    rows = {(row["what"], row["threads"]): row for row in sim_rows(title, 64, 0.002)}
    learning = rows[(f"features, {contests(title)[0].name}", 1)]
    games = learning["agent_steps"] / title.spec.max_seats
    assert abs(learning["ticks"] / (games * title.spec.decision_ticks) - 1) < 1e-9
    assert {what.split(",")[0] for what, _ in rows} >= {"features", "planes", "pixels"}


def test_the_figures_are_written_as_they_were_printed(tmp_path, capsys, monkeypatch) -> None:
    monkeypatch.setenv("COLUMNS", "160")  # a narrow terminal folds the table
    sim(title="pong", envs=64, seconds=0.002, out=tmp_path / "bench.json")
    told = json.loads((tmp_path / "bench.json").read_text())
    assert all(row["ticks"] + row["agent_steps"] > 0 for row in told["rows"])
    parts = ("rules", "opponent", "observation", "around")
    assert all(row[part] >= 0 for row in told["nanoseconds"] for part in parts)
    printed = capsys.readouterr().out
    assert all(f"{row['ticks']:,.0f}" in printed for row in told["rows"])


@pytest.fixture(scope="module")
def measured(tmp_path_factory: pytest.TempPathFactory) -> dict:
    """One line of the table of speeds, with both peers."""
    out: Path = tmp_path_factory.mktemp("bench") / "learn.json"
    flags = ["--algorithm", "ppo", "--obs", "features", "--seconds", "0.3", "--threads", "1", "--out", str(out)]
    assert cli.main(["bench", "learn", *flags]) == 0
    return json.loads(out.read_text())


def test_ours_is_measured_beside_the_equal_peer_and_the_peer_at_its_best(measured: dict) -> None:
    assert [row["kind"] for row in measured["speed"]] == [OURS, EQUAL, BEST]
    assert all(row[figure] > 0 for row in measured["speed"] for figure in FIGURES)
    assert all(row["gpu_mb"] is None and row["gpu_utilisation"] is None for row in measured["speed"])


def test_the_equal_peer_has_the_same_network_and_as_many_updates(measured: dict) -> None:
    ours, equal, best = measured["speed"]
    assert ours["network"] == equal["network"] == best["network"]
    assert ours["updates_per_1000_samples"] == pytest.approx(equal["updates_per_1000_samples"])
    assert (best["envs"], best["batch_size"]) == (256, 1024)


def test_the_parts_of_the_time_are_the_whole(measured: dict) -> None:
    for row in measured["speed"]:
        assert sum(row[part] for part in ("simulate", "infer", "learn", "other")) == pytest.approx(1)
        assert row["other"] > -0.02


def test_every_learner_has_a_line_that_this_machine_can_build(pong: Game) -> None:
    lines = speed_lines("pong", "", "", "cpu")
    assert {line.config.algorithm for line in lines} == {*ALGORITHMS}
    assert all(resolved(line.config) for line in lines)
    alone = [line for line in lines if not line.peer]
    assert [line.learner for line in alone] == [OURS]  # nobody else has one
    assert times_as_fast({"line": "x", "kind": OURS}, []) == "no peer exists"


def test_the_goal_is_to_beat_the_hardest_bot_and_alone_to_last(pong: Game) -> None:
    config, game = resolved(find_preset("demo"))
    assert goal_of(config, game).opponent == "hard" and goal_of(config, game).share == 0.9


def test_a_goal_that_was_not_reached_has_no_figure(capsys, monkeypatch) -> None:
    monkeypatch.setenv("COLUMNS", "160")
    runs = [{"seconds": 3.25, "samples": 10**6}, {"seconds": None, "samples": 2 * 10**6}]
    row = {"line": "ppo-features", "learner": "npckit", "goal": "90%", "median_seconds": None, "runs": runs}
    print_skill({"title": "pong", "machine": "x", "cores": 2, "device": "cpu", "skill": [row]})
    assert "3.2, not reached" in capsys.readouterr().out


@pytest.mark.parametrize(
    ("flags", "reason"),
    [
        ("--seconds -1", "--seconds is 0 to 3600"),
        ("--skill --seeds 0", "--seeds is 1 to 100"),
        ("--limit 0", "--limit is 1 to"),
        ("--threads -1", "--threads is 0 to"),
        ("--obs smell", "--obs"),
        ("--algorithm sarsa", "--algorithm"),
        ("--title pogn", "there is no title 'pogn'"),
        ("--algorithm recurrent-dqn --obs pixels", "there is no line for"),
        ("--skill --seconds 0 --title volley", "volley has no preset for that"),
        ("--out nowhere/bench.json", "there is no folder nowhere"),
    ],
)
def test_a_wrong_flag_is_refused_before_anything_is_measured(
    flags: str, reason: str, tmp_path, monkeypatch, capsys
) -> None:
    monkeypatch.chdir(tmp_path)
    assert cli.main(["bench", "learn", *flags.split()]) == 2
    assert reason in capsys.readouterr().err
    assert not list(tmp_path.iterdir())
