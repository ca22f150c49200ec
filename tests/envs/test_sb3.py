"""Many games behind Stable-Baselines3's `VecEnv`."""

import numpy as np
import pytest
from npckit.envs import SB3VecEnv
from npckit.errors import UserError
from npckit.games.observation import KINDS
from sb3_contrib import MaskablePPO, RecurrentPPO
from stable_baselines3 import DQN, PPO
from stable_baselines3.common.evaluation import evaluate_policy


@pytest.mark.parametrize("kind", KINDS)
def test_stock_ppo_trains_on_every_observation(pong, kind):
    env = SB3VecEnv(pong, 4, obs=kind, opponent="easy")
    policy = {"features": "MlpPolicy", "pixels": "CnnPolicy", "planes": "MlpPolicy", "both": "MultiInputPolicy"}[kind]
    PPO(policy, env, n_steps=8, batch_size=32, n_epochs=1, seed=0).learn(64)


def test_stock_dqn_and_the_learners_of_contrib_train(pong, lantern):
    RecurrentPPO("MlpLstmPolicy", SB3VecEnv(pong, 4), n_steps=8, batch_size=32, n_epochs=1, seed=0).learn(64)
    DQN("MlpPolicy", SB3VecEnv(pong, 4), learning_starts=16, buffer_size=1000, seed=0).learn(64)
    MaskablePPO("MlpPolicy", SB3VecEnv(lantern, 4), n_steps=8, batch_size=32, n_epochs=1, seed=0).learn(64)


@pytest.mark.slow
def test_maskable_ppo_learns_snake():
    """A snake that knows what is masked finds its food: many times what chance does."""
    env = SB3VecEnv("snake", 64, seats=1)
    env.seed(0)
    model = MaskablePPO("MlpPolicy", env, n_steps=64, batch_size=1024, learning_rate=1e-3, gamma=0.97, seed=0)
    model.learn(150_000)
    scores = [episode["r"] for episode in model.ep_info_buffer]
    assert np.mean(scores) > 3.0  # chance: 0.15


def test_an_end_is_reported_as_stable_baselines_expects(pong):
    env = SB3VecEnv(pong, 2, max_ticks=8, opponent="learner")
    env.seed(3)
    env.reset()
    env.step(np.array([1, 2]))
    obs, _, dones, infos = env.step(np.array([1, 2]))
    assert dones.all() and infos[0]["TimeLimit.truncated"] and infos[0]["episode"]["l"] == 2
    final = infos[0]["terminal_observation"]
    kept = final.copy()
    env.step(np.array([1, 2]))
    np.testing.assert_array_equal(final, kept)
    assert not np.array_equal(final, obs[0])


def test_the_last_observation_survives_the_next_step(pong):
    env = SB3VecEnv(pong, 2)
    before = env.reset()
    kept = before.copy()
    after = env.step(np.array([1, 1]))[0]
    np.testing.assert_array_equal(before, kept)
    assert not np.array_equal(after, before)


def test_seeding_repeats(pong):
    seen = []
    for _ in range(2):
        env = SB3VecEnv(pong, 4, opponent="easy")
        env.seed(8)
        env.reset()
        seen.append([env.step(np.ones(4, int))[0].copy() for _ in range(30)])
    np.testing.assert_array_equal(seen[0], seen[1])


def test_evaluation_by_stable_baselines_reports_true_scores(pong):
    env = SB3VecEnv(pong, 4, opponent="easy", render_mode="rgb_array")
    model = PPO("MlpPolicy", env, n_steps=8, batch_size=32, seed=0)
    scores, lengths = evaluate_policy(model, env, n_eval_episodes=8, return_episode_rewards=True)
    assert len(scores) == 8 and all(-5 <= score <= 5 for score in scores) and min(lengths) > 10
    assert env.render().shape == (384, 512, 3)


def test_illegal_actions_are_replaced_or_refused(lantern):
    env = SB3VecEnv(lantern, 4)
    env.reset()
    env.step(np.ones(4, int))  # north, into the wall
    strict = SB3VecEnv(lantern, 4, illegal="refuse")
    strict.reset()
    with pytest.raises(UserError, match="is not legal"):
        strict.step(np.ones(4, int))
    with pytest.raises(UserError, match="got 9"):
        env.step(np.full(4, 9))


@pytest.mark.parametrize("kind", ["planes", "pixels"])
def test_features_are_told_beside_pictures(pong, kind):
    pictures, features = (SB3VecEnv(pong, 6, obs=obs, opponent="easy") for obs in (kind, "features"))
    for env in (pictures, features):
        env.seed(4)
        env.reset()
    for _ in range(30):
        np.testing.assert_array_equal(pictures.features(), features.arena.obs)
        for env in (pictures, features):
            env.step(np.ones(6, np.int64))
