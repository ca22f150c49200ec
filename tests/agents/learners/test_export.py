"""Whatever a learner has learnt, its policy file plays: whole episodes, one at a time and many, with resets of the memory."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch
from npckit.agents.learners.normalize import RunningNorm
from npckit.agents.learners.seat import ModelAgent
from npckit.agents.match import Match
from npckit.agents.policy_file import PolicyFile
from npckit.agents.seats import BotAgent, PolicyAgent
from npckit.envs import SB3VecEnv
from npckit.games import registry
from npckit.train import DQNConfig, PPOConfig, TrainConfig
from npckit.train.config import ALGORITHMS, resolved
from npckit.train.models import Budget, build_env, build_model
from npckit.train.runner import export

CASES = [(algorithm, "pong", "features", "") for algorithm in ALGORITHMS]
CASES += [("ppo", "pong", "pixels", ""), ("dqn", "snake", "both", ""), ("ppo", "flappy", "planes", "")]
CASES += [("recurrent-ppo", "tanks", "features", "gru"), ("recurrent-dqn", "pong", "planes", "gru")]


def model_of(algorithm: str, game: str, obs: str, memory: str) -> tuple[Any, TrainConfig]:
    """An untrained model whose weights are spread, so that a wrong one shows; its statistics have seen something."""
    torch.set_num_threads(1)
    config = TrainConfig(
        game, algorithm=algorithm, obs=obs, memory=memory, memory_size=24, hidden=(16, 16), cnn="tiny", size=(24, 24), num_envs=8,
        normalize_obs=True, zoom=(4.0,), device="cpu", ppo=PPOConfig(n_steps=8, feature_coef=1.0 if obs in ("planes", "pixels") else 0.0),
        dqn=DQNConfig(buffer_size=2000, learning_starts=0, sequence=8, burn_in=4),
    )  # type: ignore[arg-type]  # fmt: skip
    config, title = resolved(config)
    model = build_model(config, build_env(config, title), Budget(0))
    model.learn(256)
    generator = torch.Generator().manual_seed(1)
    with torch.no_grad():
        for weights in model.policy.parameters():
            weights.add_(torch.randn(weights.shape, generator=generator) * 0.1)
    return model, config


@pytest.mark.parametrize(("algorithm", "game", "obs", "memory"), CASES)
def test_file_and_model_play_the_same_episodes(
    algorithm: str, game: str, obs: str, memory: str, tmp_path: Path
) -> None:
    model, config = model_of(algorithm, game, obs, memory)
    title, path = registry.load(game), tmp_path / "policy.onnx"
    assert export(model, config, title, path, seconds=1.0).difference < 1e-4
    policy = PolicyFile.load(path)
    assert bool(policy.card.recurrent) == config.recurrent
    rest = ["easy"] * (config.seats - 1)
    for games in (1, 64):
        played = [
            Match(title, [agent, *map(BotAgent, rest)], num_games=games, seed=5).play()
            for agent in (PolicyAgent(policy), ModelAgent(model, config.obs_spec))
        ]
        np.testing.assert_array_equal(played[0].scores, played[1].scores)
        np.testing.assert_array_equal(played[0].ticks, played[1].ticks)


@pytest.mark.parametrize("algorithm", ["recurrent-ppo", "recurrent-dqn"])
@pytest.mark.parametrize("rows", [1, 64])
def test_scores_agree_step_by_step_while_episodes_end_and_begin(algorithm: str, rows: int, tmp_path: Path) -> None:
    model, config = model_of(algorithm, "flappy", "features", "lstm")
    title, path = registry.load("flappy"), tmp_path / "policy.onnx"
    export(model, config, title, path, seconds=1.0)
    policy, env = PolicyFile.load(path), SB3VecEnv(title, rows)
    env.seed(1)
    obs, starts, resets = env.reset(), np.ones(rows, bool), 0
    state, memory = {}, model.policy.initial_state(rows)
    for _ in range(150):
        for values in state.values():
            values[starts] = 0
        with torch.no_grad():
            memory = tuple(part * ~torch.from_numpy(starts)[:, None] for part in memory)
            latent, memory = model.policy.think(model.policy.see(torch.from_numpy(obs)), memory)
            wanted = model.policy.scores(latent).numpy()
        scores, state = policy.run(obs, state)
        np.testing.assert_allclose(scores, wanted, rtol=1e-4, atol=1e-4)
        obs, _, starts, _ = env.step(scores.argmax(1))
        resets += int(starts.sum())
    assert resets > 0


def test_statistics_of_what_was_seen_are_in_the_file(tmp_path: Path) -> None:
    model, config = model_of("ppo", "pong", "features", "")
    title = registry.load("pong")
    export(model, config, title, tmp_path / "before.onnx", seconds=1.0)
    norm = next(part for part in model.policy.eyes.modules() if isinstance(part, RunningNorm))
    norm.mean += 1.0
    export(model, config, title, tmp_path / "after.onnx", seconds=1.0)
    obs = np.zeros((4, 9), np.float32)
    before, after = (PolicyFile.load(tmp_path / f"{name}.onnx").run(obs)[0] for name in ("before", "after"))
    assert np.abs(before - after).max() > 1e-3


def test_a_cell_that_sums_up_over_an_episode_is_measured_by_its_size(tmp_path: Path) -> None:
    model, config = model_of("recurrent-ppo", "heist", "features", "lstm")
    size, cell = config.memory_size, model.policy.memory.cell
    with torch.no_grad():
        cell.bias_ih_l0[:size] += 20.0  # the input gate is open,
        cell.bias_ih_l0[size : 2 * size] += 12.0  # next to nothing is forgotten,
        cell.bias_ih_l0[2 * size : 3 * size] += 2.0  # and every decision adds up to 1
    title, path = registry.load("heist"), tmp_path / "policy.onnx"
    assert export(model, config, title, path, seconds=1.0).difference < 1e-4
    policy, states = PolicyFile.load(path), {}
    obs = np.zeros((1, *policy.card.input_shapes()[policy.card.observation.parts[0].name]), np.float32)
    for _ in range(200):
        _, states = policy.run(obs, states)
    assert max(np.abs(values).max() for values in states.values()) > 100
