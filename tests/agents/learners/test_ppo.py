"""PPO, with and without a memory: advantages, masks, bootstrapping, determinism, saving."""

from __future__ import annotations

import io
from typing import Any

import gymnasium as gym
import numpy as np
import pytest
import torch
from npckit.agents.learners import PPO, RecurrentPPO
from npckit.agents.learners.rollout import Rollout
from npckit.envs import SB3VecEnv
from npckit.errors import Diverged, UserError
from stable_baselines3.common.buffers import RolloutBuffer
from stable_baselines3.common.callbacks import BaseCallback
from stable_baselines3.common.env_util import make_vec_env
from stable_baselines3.common.evaluation import evaluate_policy

CLASSES = (PPO, RecurrentPPO)
SMALL: dict[str, Any] = {"n_steps": 16, "batch_size": 64, "n_epochs": 2, "seed": 0, "device": "cpu"}


def model_of(kind: type[PPO], env: Any, **options: Any) -> PPO:
    arch = {"net_arch": {"pi": [16], "vf": [16]}, **options.pop("policy_kwargs", {})}
    policy = "MultiInputPolicy" if isinstance(getattr(env, "observation_space", None), gym.spaces.Dict) else "MlpPolicy"
    return kind(policy, env, **{**SMALL, **options}, policy_kwargs=arch)


def weights(model: PPO) -> torch.Tensor:
    return torch.cat([p.detach().flatten() for p in model.policy.parameters()])


@pytest.mark.parametrize("kind", CLASSES)
def test_the_clock_is_not_the_end_of_what_a_state_is_worth(kind: type[PPO], timed: Any) -> None:
    env = gym.wrappers.TimeLimit(timed(), 5)
    options = {"gamma": 0.8, "n_steps": 64, "batch_size": 64, "n_epochs": 10, "learning_rate": 1e-2}
    model = model_of(kind, env, normalize_reward=False, **options).learn(64 * 60)
    obs = torch.ones(1, 1)
    latent, _ = model.policy.think(model.policy.see(obs), model.policy.initial_state(1))
    assert abs(model.policy.values(latent).item() - 5.0) < 0.5  # as if the clock were an end: 1 to 3.4


def test_advantages_are_those_of_stable_baselines3() -> None:
    steps, rows, rng = 12, 5, np.random.default_rng(0)
    space, actions = gym.spaces.Box(-1, 1, (2,)), gym.spaces.Discrete(2)
    mine = Rollout(steps, space, actions, "cpu", gae_lambda=0.9, gamma=0.95, n_envs=rows)
    mine.open(1, masked=False)
    theirs = RolloutBuffer(steps, space, actions, "cpu", gae_lambda=0.9, gamma=0.95, n_envs=rows)
    for t in range(steps):
        rewards, values = rng.normal(size=(2, rows)).astype(np.float32)
        starts = rng.random(rows) < 0.3
        theirs.add(np.zeros((rows, 2)), np.zeros((rows, 1)), rewards, starts, torch.tensor(values), torch.zeros(rows))
        mine.rewards[t], mine.values[t], mine.starts[t] = map(torch.from_numpy, (rewards, values, starts))
    last, dones = torch.from_numpy(rng.normal(size=rows).astype(np.float32)), rng.random(rows) < 0.5
    theirs.compute_returns_and_advantage(last, dones)
    mine.finish(last, torch.from_numpy(dones))
    np.testing.assert_allclose(mine.advantages, theirs.advantages, rtol=1e-4, atol=1e-5)
    np.testing.assert_allclose(mine.returns, theirs.returns, rtol=1e-4, atol=1e-5)


class _Watch(BaseCallback):
    """Counts actions that were not legal when they were chosen."""

    illegal = chosen = 0

    def _on_step(self) -> bool:
        masks, actions = self.locals["self"].rollout_buffer.masks[self.locals["t"]], self.locals["actions"]
        self.illegal += int((~masks[np.arange(len(actions)), actions]).sum())
        self.chosen += len(actions)
        return True


@pytest.mark.parametrize("kind", CLASSES)
@pytest.mark.parametrize("name", ["snake", "tanks"])
def test_what_a_mask_forbids_is_never_chosen(kind: type[PPO], name: str) -> None:
    env, watch = SB3VecEnv(name, 16, illegal="refuse"), _Watch()
    model = model_of(kind, env).learn(16 * 16 * 4, watch)
    assert watch.illegal == 0 and watch.chosen == 16 * 16 * 4
    masks = np.zeros((16, env.action_space.n), bool)
    masks[:, 2] = True
    for deterministic in (True, False):
        chosen, _ = model.predict(env.reset(), deterministic=deterministic, action_masks=masks)
        assert (chosen == 2).all()


@pytest.mark.parametrize("kind", CLASSES)
@pytest.mark.parametrize("obs", ["features", "planes", "both"])
def test_equal_seeds_give_equal_weights(kind: type[PPO], obs: str) -> None:
    torch.set_num_threads(1)
    first, second, other = (model_of(kind, _pong(obs), seed=seed, shift=1).learn(512) for seed in (5, 5, 6))
    assert torch.equal(weights(first), weights(second)) and not torch.equal(weights(first), weights(other))


def _pong(obs: str) -> SB3VecEnv:
    env = SB3VecEnv("pong", 8, obs=obs, opponent="easy")
    env.seed(1)
    return env


@pytest.mark.parametrize("kind", CLASSES)
def test_a_saved_model_plays_and_goes_on_learning(kind: type[PPO]) -> None:
    options = {"features_extractor_kwargs": {"normalize": True}}
    model = model_of(kind, _pong("features"), normalize_reward=True, policy_kwargs=options).learn(512)
    file = io.BytesIO()
    model.save(file)
    file.seek(0)
    loaded = kind.load(file, device="cpu")
    obs = np.random.default_rng(0).uniform(-1, 1, (9, 9)).astype(np.float32)
    starts = np.zeros(9, bool)
    state: Any = None
    again: Any = None
    for _ in range(3):
        actions, state = model.predict(obs, state, starts, deterministic=True)
        repeated, again = loaded.predict(obs, again, starts, deterministic=True)
        np.testing.assert_array_equal(actions, repeated)
    loaded.set_env(_pong("features"))
    loaded.learn(512, reset_num_timesteps=False)
    assert loaded.num_timesteps == 1024


@pytest.mark.parametrize("kind", CLASSES)
def test_any_environment_of_gymnasium_will_do(kind: type[PPO]) -> None:
    env = make_vec_env("CartPole-v1", 8, seed=0)
    model = model_of(kind, env, n_steps=64, batch_size=128, learning_rate=3e-3, n_epochs=6).learn(64 * 8 * 12)
    score, _ = evaluate_policy(model, env, 10, warn=False)
    assert score > 40  # chance: 22


def test_a_start_makes_predict_forget() -> None:
    model = model_of(RecurrentPPO, _pong("features"))
    obs = np.random.default_rng(0).uniform(-1, 1, (4, 9)).astype(np.float32)
    _, state = model.predict(obs)
    _, went_on = model.predict(obs, state, np.array([False, True, False, True]))
    assert state is not None and went_on is not None
    for after, first in zip(went_on, state, strict=True):
        np.testing.assert_allclose(after[[1, 3]], first[[1, 3]], rtol=1e-5, atol=1e-7)
        assert (after[[0, 2]] != first[[0, 2]]).any()


def test_a_loss_that_breaks_is_named() -> None:
    model = model_of(PPO, _pong("features"), learning_rate=1e30, max_grad_norm=1e30)
    with pytest.raises(Diverged, match=r"training broke: .* lower learning_rate"):
        model.learn(16 * 8 * 20)


@pytest.mark.parametrize("option", [{"clip_range_vf": 0.2}, {"use_sde": True}])
def test_what_is_not_done_is_not_accepted(option: dict[str, Any]) -> None:
    with pytest.raises(UserError, match="leave clip_range_vf and use_sde out"):
        model_of(PPO, _pong("features"), **option)


def test_actions_that_are_not_discrete_are_refused() -> None:
    with pytest.raises(UserError, match="Discrete"):
        model_of(PPO, "Pendulum-v1", batch_size=16)


@pytest.mark.slow
def test_only_who_remembers_recalls(recall: Any) -> None:
    torch.set_num_threads(1)
    scores = {}
    for kind in CLASSES:
        env = make_vec_env(recall, 32, seed=0)
        model = model_of(kind, env, n_steps=30, batch_size=240, learning_rate=3e-3).learn(40_000)
        scores[kind], _ = evaluate_policy(model, env, 200, warn=False)
    assert scores[RecurrentPPO] > 0.9
    assert abs(scores[PPO]) < 0.3  # a coin would do as well


@pytest.mark.parametrize("kind", CLASSES)
def test_what_a_picture_shows_is_told(kind: type[PPO]) -> None:
    env = SB3VecEnv("pong", 64, obs="planes", opponent="easy")
    env.seed(1)
    options = {"feature_coef": 50.0, "max_grad_norm": 5.0, "learning_rate": 2e-3, "batch_size": 256, "n_epochs": 4}
    model = model_of(kind, env, **options).learn(64 * 16 * 20)
    told = model.policy.see(torch.from_numpy(env.arena.obs))[:, -9:].detach()
    features = torch.from_numpy(env.features())
    far = (told - features).square().mean()
    assert far < 0.3 * features.var(0).mean()  # a constant that knew the mean would be off by all of it


def test_only_our_environments_tell_features() -> None:
    with pytest.raises(UserError, match="leave feature_coef out"):
        model_of(PPO, "CartPole-v1", feature_coef=1.0, batch_size=16)
