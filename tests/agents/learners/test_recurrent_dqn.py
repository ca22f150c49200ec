"""The recurrent DQN: what it learns from is what it would have thought, and it remembers what a DQN cannot."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest
import torch
from npckit.agents.learners import DQN, RecurrentDQN
from npckit.agents.learners.memory import forget
from npckit.agents.learners.recurrent_dqn import squash
from npckit.envs import SB3VecEnv
from stable_baselines3.common.env_util import make_vec_env


def _pong() -> SB3VecEnv:
    env = SB3VecEnv("pong", 8, opponent="easy", max_ticks=60)  # fifteen decisions: sequences have resets inside
    env.seed(1)
    return env


def _model(memory: str = "lstm", **options: Any) -> RecurrentDQN:
    policy = {"memory": memory, "memory_size": 16, "net_arch": [16]}
    common: dict[str, Any] = {"buffer_size": 4000, "batch_size": 60, "learning_starts": 200, "seed": 0, "device": "cpu"}
    common |= {"burn_in": 4, "sequence": 12, "n_steps": 3, "policy_kwargs": policy}
    return RecurrentDQN("MlpPolicy", _pong(), **{**common, **options})


@pytest.mark.parametrize("memory", ["lstm", "gru"])
def test_values_are_those_of_one_step_after_the_other_with_resets(memory: str) -> None:
    model = _model(memory).learn(2000)
    batch = model.replay_buffer.sample(120)
    assert batch.starts[1:].any()
    for net in (model.q_net, model.q_net_target):
        wanted, state = [], batch.state
        with torch.no_grad():
            for places, starts in zip(batch.places, batch.starts, strict=True):
                seen = net.eyes(model.replay_buffer.observations(places))
                latent, state = net.memory.step(seen, forget(state, starts))
                wanted.append(net.values(latent))
            torch.testing.assert_close(model._unroll(net, batch), torch.stack(wanted[4:]), rtol=1e-4, atol=1e-5)


def test_a_stored_state_is_what_was_remembered_when_it_was_played() -> None:
    model = _model(learning_starts=10**6).learn(8 * 400)  # the network stays as it is, so states can be thought again
    replay = model.replay_buffer
    state: Any = model.policy.initial_state(8)
    with torch.no_grad():
        for step in range(400):
            places = step * 8 + torch.arange(8)
            starts = replay.ends[step - 1] != 0 if step else torch.ones(8, dtype=torch.bool)
            state = forget(state, starts)
            if step % replay.period == 0:
                for kept, part in zip(replay._states, state, strict=True):
                    torch.testing.assert_close(kept[step // replay.period], part, rtol=1e-4, atol=1e-5)
            _, state = model.policy.think(model.policy.see(replay.observations(places)), state)


def test_targets_on_the_other_scale_are_worth_the_same() -> None:
    model, scaled = _model(), _model(rescale=True)
    model.learn(600)
    batch = model.replay_buffer.sample(60)
    scaled.replay_buffer = model.replay_buffer
    for each in (model, scaled):  # the target network says the same of everything
        for name, weight in each.q_net_target.layers[-1].named_parameters():
            torch.nn.init.constant_(weight, 2.0 if name == "bias" else 0.0)
    scaled.q_net_target.layers[-1].bias.data.copy_(squash(torch.full((3,), 2.0)))
    _, plain = model._values_and_targets(batch)
    _, other = scaled._values_and_targets(batch)
    torch.testing.assert_close(other, squash(plain), rtol=1e-4, atol=1e-4)


def test_no_gradient_reaches_the_burn_in() -> None:
    model = _model().learn(600)
    batch = model.replay_buffer.sample(60)
    values, _ = model._values_and_targets(batch)
    assert values.requires_grad and values.shape == (12, 5, 3)
    seen: list[bool] = []
    model.q_net.eyes.register_forward_hook(lambda *_: seen.append(torch.is_grad_enabled()))
    model._values_and_targets(batch)
    assert seen == [False, True]


@pytest.mark.slow
def test_only_who_remembers_recalls(recall: Any) -> None:
    torch.set_num_threads(1)
    scores = {}
    for kind in (DQN, RecurrentDQN):
        env = make_vec_env(recall, 16, seed=0)
        policy: dict[str, Any] = {"net_arch": [32], **({"memory_size": 32} if kind is RecurrentDQN else {})}
        options: dict[str, Any] = {"burn_in": 2, "sequence": 10} if kind is RecurrentDQN else {}
        model = kind(
            "MlpPolicy", env, learning_rate=3e-3, buffer_size=20_000, batch_size=200, learning_starts=500, train_freq=1, gamma=0.95,
            target_update_interval=500, exploration_fraction=0.5, seed=0, device="cpu", policy_kwargs=policy, **options,
        ).learn(20_000)  # fmt: skip
        model.exploration_rate = 0.0
        scores[kind] = _share_recalled(model, env)
    assert scores[RecurrentDQN] > 0.95
    assert 0.3 < scores[DQN] < 0.7


def _share_recalled(model: DQN, env: Any) -> float:
    obs, state, starts, rewards = env.reset(), None, np.ones(16, bool), []
    for _ in range(6 * 20):
        actions, state = model.predict(obs, state, starts, deterministic=True)
        obs, reward, starts, _ = env.step(actions)
        rewards.extend(reward[starts])
    return float(np.mean(np.array(rewards) > 0))
