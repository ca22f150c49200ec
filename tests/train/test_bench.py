"""The benchmarks measure what their tables say, for every title."""

import json
import os
import time
from functools import partialmethod
from pathlib import Path
from types import SimpleNamespace

import pytest
from npckit import cli
from npckit.games.contract import Game
from npckit.train.bench import skill
from npckit.train.bench.gpu import Utilisation
from npckit.train.bench.learn_tables import print_skill, times_as_fast
from npckit.train.bench.lines import BEST, EQUAL, OURS, speed_lines
from npckit.train.bench.sim import contests, sim, sim_rows
from npckit.train.bench.skill import goal_of
from npckit.train.config import ALGORITHMS, PPOConfig, TrainConfig, resolved
from npckit.train.models import Budget, build_env, build_model
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


@pytest.mark.slow
def test_ours_is_measured_beside_the_equal_peer_and_the_peer_at_its_best(measured: dict) -> None:
    assert [row["kind"] for row in measured["speed"]] == [OURS, EQUAL, BEST]
    assert all(row[figure] > 0 for row in measured["speed"] for figure in FIGURES)
    assert all(row["gpu_mb"] is None and row["gpu_utilisation"] is None for row in measured["speed"])


@pytest.mark.slow
def test_the_equal_peer_has_the_same_network_and_as_many_updates(measured: dict) -> None:
    ours, equal, best = measured["speed"]
    assert ours["network"] == equal["network"] == best["network"]
    assert ours["updates_per_1000_samples"] == pytest.approx(equal["updates_per_1000_samples"])
    assert (best["envs"], best["batch_size"]) == (256, 1024)


@pytest.mark.slow
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


@pytest.fixture
def learner() -> tuple:
    """A learner with its config and title."""
    ppo, few = PPOConfig(n_steps=16, batch_size=256), {"num_envs": 16, "hidden": (8,), "device": "cpu"}
    config, game = resolved(TrainConfig("pong", total_samples=2048, opponents={"hard": 1.0}, ppo=ppo, **few))
    return build_model(config, build_env(config, game), Budget(0)), config, game


def judge(monkeypatch: pytest.MonkeyPatch, first: float, then: float) -> None:
    """Matches take a hundred seconds, and everything else none; their results are given."""
    clock = [0.0]

    def measured(*_, first_look: dict[bool, float], **named) -> float:
        clock[0] += 100
        return first_look[named["first"]]

    monkeypatch.setattr(skill, "PAUSE", 0.0)
    monkeypatch.setattr(skill, "time", SimpleNamespace(perf_counter=lambda: clock[0]))
    monkeypatch.setattr(skill.Goal, "measured", partialmethod(measured, first_look={True: first, False: then}))


def test_a_goal_that_is_reached_ends_the_training(learner, monkeypatch) -> None:
    judge(monkeypatch, first=1.0, then=1.0)
    told = skill.seconds_to_skill(*learner, limit=60)
    assert told["samples"] < 2048 and told["last"] == 1.0
    assert told["seconds"] == 0.0  # matches are not counted as training


def test_a_goal_that_only_the_first_matches_reach_is_not_reached(learner, monkeypatch) -> None:
    judge(monkeypatch, first=1.0, then=0.5)
    told = skill.seconds_to_skill(*learner, limit=60)
    assert told["samples"] == 2048 and told["seconds"] is None


def test_a_gpu_is_as_busy_as_nvidia_smi_says_on_average(tmp_path: Path, monkeypatch) -> None:
    said, tool = tmp_path / "said", tmp_path / "nvidia-smi"
    tool.write_text(f"#!/bin/sh\nprintf '30\\n50\\n'; touch {said}; exec sleep 60\n")
    tool.chmod(0o755)
    monkeypatch.setenv("PATH", str(tmp_path), prepend=os.pathsep)
    with Utilisation(True) as utilisation:
        while not said.exists():
            time.sleep(0.01)
    assert utilisation.mean == 40
    with Utilisation(False) as nobody_asked:
        pass
    assert nobody_asked.mean is None


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
        ("--seconds 0", "add --skill"),
        ("--limit 0", "--limit is 1 to"),
        ("--threads -1", "--threads is 0 to"),
        ("--obs smell", "--obs"),
        ("--algorithm sarsa", "--algorithm"),
        ("--title pogn", "there is no title 'pogn'"),
        ("--algorithm recurrent-dqn --obs pixels", "there is no line for"),
        ("--skill --seconds 0 --title volley --algorithm dqn", "volley has no preset for that"),
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


@pytest.mark.slow
def test_an_npc_is_measured_beside_onnxruntime_and_stable_baselines3(tmp_path, capsys) -> None:
    assert cli.main(["bench", "npc", "--decisions", "100", "--out", str(tmp_path / "npc.json")]) == 0
    told = json.loads((tmp_path / "npc.json").read_text())
    assert [row["network"] for row in told["rows"]] == [
        "MLP 2 x 64",
        "MLP 2 x 64, 64 at once",
        "LSTM 256",
        "Nature CNN",
    ]
    for row in told["rows"]:
        assert all(0 < median <= high for median, high in (row[player] for player in [*row][1:]))
    cost = {row["what"]: row for row in told["footprints"]}
    assert cost["an NPC that plays"]["memory_mb"] < cost["torch"]["memory_mb"]
    assert cost["an NPC that plays"]["installed_mb"] < cost["torch"]["installed_mb"]
    assert "Nature CNN" in capsys.readouterr().out
