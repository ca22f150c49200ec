"""Guessing what others perceive: the truth is what their seats see, a memory gets better at it, and play needs none of it."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
from npckit.agents.learners import PPO, RecurrentPPO
from npckit.envs.sb3_env import SB3VecEnv
from npckit.errors import UserError
from npckit.games.contract import Game
from npckit.train import PPOConfig, TrainConfig, run


def env_of(game: Game | str, rows: int = 16, **options: object) -> SB3VecEnv:
    env = SB3VecEnv(game, rows, **{"opponent": "easy", **options})  # type: ignore[arg-type]
    env.seed(1)
    env.reset()
    return env


def test_the_truth_is_what_the_other_seats_see(pong: Game) -> None:
    env = env_of(pong, opponent="learner", seat="paddle")  # rows of both seats, two to a game
    for _ in range(20):
        env.step(np.random.default_rng(0).integers(0, 3, 16))
    games, seats, own = env.arena.games, env.arena.seats, env.features()
    partner = [np.flatnonzero((games == game) & (seats != seat))[0] for game, seat in zip(games, seats, strict=True)]
    assert np.array_equal(env.others(), own[partner])


def test_seats_of_another_team_count_and_mates_do_not(lantern: Game) -> None:
    runners, chasers = (len(lantern.spec.features_of(role)) for role in ("runner", "chaser"))
    assert env_of(lantern, seat="runner").others().shape == (16, 2 * chasers)
    assert env_of(lantern, seat="chaser").others().shape == (16, 2 * runners)


def test_who_plays_alone_has_nobody_to_guess_at() -> None:
    with pytest.raises(UserError, match="belief_coef"):
        PPO("MlpPolicy", SB3VecEnv("flappy", 8), belief_coef=1.0)


def test_a_memory_guesses_better_than_a_constant(pong: Game) -> None:
    env = env_of(pong, 64)
    model = RecurrentPPO("MlpPolicy", env, n_steps=32, batch_size=512, belief_coef=1.0, seed=0)
    seen: list[float] = []
    for _ in range(8):
        model.learn(64 * 32 * 2, reset_num_timesteps=False)
        seen.append(model.logger.name_to_value["train/belief_loss"])
    spread = float(np.var(model.rollout_buffer.others.numpy(), axis=(0, 1)).mean())
    assert seen[-1] < 0.7 * spread and seen[-1] < seen[0], (seen, spread)


def test_the_guess_is_no_part_of_the_policy_file(tmp_path: Path) -> None:
    sizes = []
    for weight in (0.0, 1.0):
        ppo = PPOConfig(n_steps=16, batch_size=128, belief_coef=weight)
        done = run(
            TrainConfig(
                "pong", out=str(tmp_path / f"{weight:g}"), num_envs=16, total_samples=512, hidden=(16,), threads=1, eval_every=0,
                final_matches=2, ppo=ppo,
            ),
            quiet=True,
        )  # fmt: skip
        sizes.append(done.policy.stat().st_size)
    assert abs(sizes[0] - sizes[1]) < 400  # the cards differ by some letters
