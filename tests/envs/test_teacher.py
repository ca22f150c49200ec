"""A teacher shows in every moment what it would do in the learners' place, and goes on from a snapshot as if nothing had happened."""

from __future__ import annotations

import numpy as np
import pytest
from npckit.agents.policy_agent import PolicyAgent
from npckit.agents.policy_file import PolicyFile, shipped
from npckit.agents.seats import BotAgent
from npckit.envs.arena import Arena
from npckit.envs.sb3_env import SB3VecEnv
from npckit.errors import UserError
from npckit.games import registry
from npckit.games.contract import Game
from npckit.games.observation import ObsSpec
from numpy.typing import NDArray

FEATURES = ObsSpec("features")


def arena_of(title: Game, *, teacher: BotAgent | None = None) -> Arena:
    arena = Arena(title, 12, obs=FEATURES, opponent=title.hardest, teacher=teacher)
    arena.reset(7)
    return arena


def test_who_does_what_is_shown_plays_as_the_teacher(title: Game) -> None:
    """Compared with the bot itself in the same seats, memory and chance and all."""
    taught, watched = arena_of(title, teacher=BotAgent(title.hardest)), arena_of(title)
    assert taught.teacher
    bot, actions = BotAgent(title.hardest), np.zeros((watched.batch.num_games, watched.batch.seats), np.int32)
    bot.sit(watched.batch, watched.games, watched.seats)
    for _ in range(300):
        shown = taught.teacher.show().argmax(1)
        bot.decide(actions)
        assert np.array_equal(shown, actions[watched.games, watched.seats])
        taught.step(shown)
        watched.step(shown)
    assert taught.batch.states.tobytes() == watched.batch.states.tobytes()


def test_it_goes_on_from_a_snapshot(title: Game) -> None:
    arena = arena_of(title, teacher=BotAgent(title.hardest))
    assert arena.teacher
    rng = np.random.default_rng(0)
    actions = rng.integers(0, len(title.spec.actions_of(arena.role)), (120, 12))

    def play(part: NDArray[np.int64]) -> list[NDArray[np.float32]]:
        assert arena.teacher
        told = []
        for each in part:
            told.append(arena.teacher.show())
            arena.step(each)
        return told

    play(actions[:60])
    kept = arena.state()
    first = play(actions[60:])
    arena.set_state(kept)
    assert np.array_equal(first, play(actions[60:]))


def test_all_seats_of_a_team_are_shown_at_once(lantern: Game) -> None:
    env = SB3VecEnv(lantern, 8, seat="chaser", opponent="easy", teacher=BotAgent(lantern.hardest))
    env.seed(0)
    env.reset()
    shown = env.shown()
    assert (
        shown.shape == (8, len(lantern.spec.actions_of("chaser")))
        and (shown.max(1) == 1).all()
        and (shown.sum(1) == 1).all()
    )


@pytest.mark.parametrize("name", shipped())
def test_a_policy_tells_what_it_makes_of_each_action(name: str) -> None:
    """Its likeliest action is the one that it takes, none that is not legal is likely at all, and values are no chances."""
    policy = PolicyFile.load(name)
    title, role = registry.load(policy.card.game), policy.card.role
    arena = Arena(title, 12, obs=FEATURES, seat=role, teacher=PolicyAgent(policy), opponent=title.hardest)
    arena.reset(7)
    assert arena.teacher
    plain, actions = PolicyAgent(policy, temperature=0), np.zeros((arena.batch.num_games, arena.batch.seats), np.int32)
    plain.sit(arena.batch, arena.games, arena.seats)
    seen = []
    for _ in range(60):
        seen.append(arena.teacher.show())
        plain.decide(actions)
        taken = actions[arena.games, arena.seats]
        assert np.array_equal(seen[-1].argmax(1), taken)
        assert not seen[-1][arena.batch.masks(arena.games, arena.seats) == 0].any()
        arena.step(taken)
    chances = np.concatenate(seen)
    assert chances.dtype == np.float32 and np.allclose(chances.sum(1), 1)
    assert (chances.max(1) == 1).all() == (policy.card.output == "q")


def test_without_a_teacher_nothing_is_shown(pong: Game) -> None:
    env = SB3VecEnv(pong, 4)
    env.reset()
    with pytest.raises(UserError, match="teacher"):
        env.shown()


def test_a_teacher_that_cannot_be_saved_is_named(pong: Game) -> None:
    class Forgetful(BotAgent):
        state = None  # type: ignore[assignment]

    arena = arena_of(pong, teacher=Forgetful("easy"))
    with pytest.raises(UserError, match="easy"):
        arena.state()
