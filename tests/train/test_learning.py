"""Learners learn: skill after training, not merely an end without error. Presets keep what their first lines promise."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
from npckit.agents.learners.seat import ModelAgent
from npckit.games import registry
from npckit.train import Run, run
from npckit.train.bench.skill import Goal
from npckit.train.presets import load_preset

Figures = dict[str, dict[str, float]]


def trained(title: str, preset: str, out: Path, **changes: Any) -> Run:
    quick: dict[str, Any] = {"eval_every": 0, "final_matches": 100, "minutes": 0.0, "threads": 1, "out": str(out)}
    return run(replace(load_preset(title, preset), **{**quick, **changes}), quiet=True)


def win_rates(done: Run) -> Figures:
    return {each["opponent"]: each["win_rate"] for each in done.results["matches"]}


@pytest.mark.slow
def test_the_cheapest_preset_reaches_the_skill_that_it_states(tmp_path: Path) -> None:
    done = trained("flappy", "ppo-features", tmp_path / "run", final_matches=2)
    agent = ModelAgent(done.load_model(), done.config.obs_spec)
    flies = Goal(0.95, "", 100, 1000).measured(registry.load("flappy"), agent, done.config, first=False)
    assert flies >= 0.95  # of a thousand episodes, to the time limit


@pytest.mark.slow
@pytest.mark.parametrize(("preset", "samples"), [("ppo-features", 1_200_000), ("recurrent-ppo-features", 900_000)])
def test_ppo_learns_pong_with_and_without_a_memory(preset: str, samples: int, tmp_path: Path) -> None:
    rates = win_rates(trained("pong", preset, tmp_path / "run", total_samples=samples))
    assert rates["hard"]["mean"] >= 0.6 and rates["normal"]["mean"] >= 0.9


@pytest.mark.slow
@pytest.mark.parametrize("preset", ["dqn-features", "recurrent-dqn-features"])
def test_dqn_learns_pong_with_and_without_a_memory(preset: str, tmp_path: Path) -> None:
    rates = win_rates(trained("pong", preset, tmp_path / "run", total_samples=200_000))
    assert rates["random"]["low"] > 0.75


@pytest.mark.slow
def test_a_cnn_on_planes_learns_to_beat_chance(tmp_path: Path) -> None:
    rates = win_rates(trained("pong", "ppo-planes", tmp_path / "run", total_samples=400_000))
    assert rates["random"]["low"] > 0.6
