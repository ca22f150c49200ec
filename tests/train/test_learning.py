"""Learners learn: skill after training, not merely an end without error."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
from npckit.train import Run, run
from npckit.train.presets import load_preset

Figures = dict[str, dict[str, float]]


def trained(preset: str, out: Path, **changes: Any) -> Run:
    quick: dict[str, Any] = {"eval_every": 0, "final_matches": 100, "minutes": 0.0, "threads": 2, "out": str(out)}
    return run(replace(load_preset("pong", preset), **{**quick, **changes}), quiet=True)


def win_rates(done: Run) -> Figures:
    return {each["opponent"]: each["win_rate"] for each in done.results["matches"]}


@pytest.mark.slow
def test_ppo_on_features_beats_the_easy_bot(tmp_path: Path) -> None:
    rates = win_rates(trained("demo", tmp_path / "run", total_samples=600_000))
    assert rates["easy"]["mean"] >= 0.9
    assert rates["normal"]["mean"] >= 0.6


@pytest.mark.slow
def test_dqn_on_features_learns(tmp_path: Path) -> None:
    rates = win_rates(trained("dqn-features", tmp_path / "run", total_samples=300_000))
    assert rates["random"]["low"] > 0.8
    assert rates["easy"]["mean"] > 0.4


@pytest.mark.slow
def test_a_cnn_on_planes_learns_to_beat_chance(tmp_path: Path) -> None:
    rates = win_rates(trained("ppo-planes", tmp_path / "run", total_samples=80_000))
    assert rates["random"]["low"] > 0.6
