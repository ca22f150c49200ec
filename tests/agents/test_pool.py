"""A pool hands every game to one member from its beginning to its end, follows how it fares, and goes on exactly."""

from __future__ import annotations

import numpy as np
import pytest
from npckit.agents.pool import FALL, SAMPLING, SURE, Form, Pool
from npckit.agents.seats import agent_named
from npckit.envs.sb3_env import SB3VecEnv
from npckit.errors import UserError
from npckit.games import registry
from npckit.games.contract import Game

MEMBERS = ("random", "easy", "hard", "pong")


def pool_of(game: Game, *names: str, sampling: str = "pfsp") -> Pool:
    pool = Pool(lambda name: agent_named(name, game), sampling=sampling, seed=1)
    for name in names:
        pool.add(name)
    return pool


def env_of(game: Game, pool: Pool) -> SB3VecEnv:
    env = SB3VecEnv(
        game, 32, opponent={"learner": 0.25, "pool": 0.75}, seat=game.spec.roles[0], players={"pool": lambda _: pool}
    )
    env.seed(3)
    env.reset()
    return env


def rollout(env: SB3VecEnv, steps: int, seed: int = 0) -> list[np.ndarray]:
    rng = np.random.default_rng(seed)
    return [np.array(env.step(rng.integers(0, env.action_space.n, 32))[0]) for _ in range(steps)]


def test_every_member_plays_and_its_strength_shows(pong: Game) -> None:
    pool = pool_of(pong, *MEMBERS, sampling="uniform")
    rollout(env_of(pong, pool), 1500)
    assert min(form.played for form in pool.forms.values()) > 5
    assert pool.forms["random"].rate > 0.25 > max(pool.forms[name].rate for name in ("easy", "hard", "pong"))


@pytest.mark.parametrize("members", [("hard",), ("pong",)])
def test_a_pool_of_one_plays_as_that_one_does(pong: Game, members: tuple[str]) -> None:
    alone = SB3VecEnv(pong, 32, opponent={"learner": 0.25, members[0]: 0.75}, seat="paddle")
    alone.seed(3)
    alone.reset()
    pooled = rollout(env_of(pong, pool_of(pong, *members)), 400)
    assert all(np.array_equal(*pair) for pair in zip(rollout(alone, 400), pooled, strict=True))


def test_it_goes_on_exactly_with_members_that_came_later(pong: Game) -> None:
    pool = pool_of(pong, "easy", "pong")
    env = env_of(pong, pool)
    rollout(env, 300)
    pool.add("hard")
    rollout(env, 300)
    saved = env.get_state()
    expected, forms = rollout(env, 300, seed=5), pool.forms
    other = pool_of(pong, "easy", "pong")
    again = env_of(pong, other)
    again.set_state(saved)
    assert all(np.array_equal(*pair) for pair in zip(expected, rollout(again, 300, seed=5), strict=True))
    assert other.forms == forms and list(other.forms) == ["easy", "pong", "hard"]


def test_shares_follow_the_sampling() -> None:
    game = registry.load("pong")
    shares = {}
    for sampling in SAMPLING:
        pool = pool_of(game, "random", "easy", "hard", sampling=sampling)
        pool.forms["random"], pool.forms["hard"] = Form(98, 98), Form(10, 98)
        shares[sampling] = pool.shares()
        assert shares[sampling].sum() == pytest.approx(1) and shares[sampling].min() > 0.01
    assert np.allclose(shares["uniform"], 1 / 3)
    assert np.all(np.diff(shares["recent"]) > 0)
    assert np.all(np.diff(shares["pfsp"]) > 0) and shares["pfsp"][2] > 0.7


def test_what_is_lost_against_a_member_is_noticed() -> None:
    form = Form()
    for _ in range(2 * SURE):
        form.add(1.0)
    assert form.fallen == 0
    for _ in range(2 * SURE):
        form.add(0.0)
    assert form.fallen > FALL


def test_an_empty_pool_and_an_unknown_sampling_are_refused(pong: Game) -> None:
    with pytest.raises(UserError, match="empty"):
        env_of(pong, pool_of(pong)).step(np.zeros(32, int))
    with pytest.raises(UserError, match="pfsp"):
        pool_of(pong, sampling="best")
