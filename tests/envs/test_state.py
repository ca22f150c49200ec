"""A snapshot of an environment: what follows it in a fresh one is what followed it in the first, byte for byte."""

import numpy as np
import pytest
from npckit.agents.seats import RandomAgent
from npckit.envs import SB3VecEnv
from npckit.errors import UserError
from npckit.games.observation import KINDS
from npckit.games.snapshot import State

ROWS, SHORT = 48, 40  # SHORT: decisions of an episode at most, so that many begin and end


def opponents_of(title, role):
    """Self-play where every seat has one role, chance, and the hardest bot, in equal shares."""
    seats = title.spec.max_seats
    learner = {"learner": 1.0} if len({*title.spec.roles}) == 1 and seats > 1 else {}
    return {**learner, "random": 1.0, title.hardest: 1.0}


def build(title, role, kind="features", **options):
    settings = {"obs": kind, "size": (16, 24), "max_ticks": SHORT * title.spec.decision_ticks, "seat": role}
    return SB3VecEnv(title, ROWS, **{**settings, "opponent": opponents_of(title, role), **options})


def parts(obs):
    return obs if isinstance(obs, dict) else {"obs": obs}


def played(env, rng, steps):
    """Chance plays for all learners: everything that each step gave, as bytes."""
    story = []
    for _ in range(steps):
        masks = env.action_masks()
        obs, rewards, dones, infos = env.step((rng.random(masks.shape) * masks).argmax(1))
        final = [parts(info["terminal_observation"]) for info in infos if info]
        told = [
            (info["episode"]["r"], info["episode"]["l"], info["events"], info["TimeLimit.truncated"])
            for info in infos
            if info
        ]
        story.append([
            *(value.tobytes() for value in parts(obs).values()), rewards.tobytes(), dones.tobytes(), masks.tobytes(), told,
            *(value.tobytes() for seen in final for value in seen.values()),
        ])  # fmt: skip
    return story


def goes_on_equally(make):
    """Plays, takes a snapshot, plays on; and plays on from it in a second environment."""
    first, second = make(), make()
    first.seed(5)
    first.reset()
    played(first, np.random.default_rng(1), SHORT + 7)
    snapshot = first.get_state()
    seen = {name: value.tobytes() for name, value in parts(first.arena.obs).items()}
    story = played(first, np.random.default_rng(2), 2 * SHORT)
    restored = second.set_state(snapshot)
    assert {name: value.tobytes() for name, value in parts(restored).items()} == seen
    assert played(second, np.random.default_rng(2), 2 * SHORT) == story
    assert any(len(step[-1]) > 0 for step in story)


@pytest.mark.parametrize("kind", KINDS)
def test_every_title_goes_on_from_a_snapshot_as_if_nothing_had_been(title, kind):
    for role in dict.fromkeys(title.spec.roles):
        goes_on_equally(lambda role=role: build(title, role, kind))


def test_a_deep_stack_goes_on_with_the_frames_that_it_held(pong):
    goes_on_equally(lambda: build(pong, 0, "planes", stack=5))


def test_a_policy_in_the_other_seat_and_a_shaped_reward_go_on_too(pong):
    options = {"opponent": {"pong": 0.5, "learner": 0.5}, "potential": lambda seen: seen.sum(1), "gamma": 0.9}
    goes_on_equally(lambda: build(pong, 0, "features", **options))


def test_a_function_in_the_other_seat_sees_what_it_would_have_seen(pong):
    def follow(seen):
        return (seen.sum(1) > 0).astype(int)

    goes_on_equally(lambda: build(pong, 0, "features", stack=3, opponent=follow))


def test_a_snapshot_holds_arrays_and_plain_values_alone(pong):
    env = build(pong, 0, "both", opponent={"pong": 0.3, "random": 0.3, "hard": 0.3, "learner": 0.1})
    env.seed(0)
    env.reset()

    def check(value: object) -> None:
        if isinstance(value, dict):
            assert all(type(name) is str for name in value)
        if isinstance(value, dict | list):
            for each in value.values() if isinstance(value, dict) else value:
                check(each)
        elif isinstance(value, np.ndarray):
            assert value.dtype.kind in "biuf"
        else:
            assert value is None or type(value) in (bool, int, float, str)

    check(env.get_state())


def test_a_snapshot_of_another_size_is_refused(pong):
    env, other = build(pong, 0), SB3VecEnv(pong, 2 * ROWS)
    env.seed(0)
    env.reset()
    snapshot: State = env.get_state()
    with pytest.raises(UserError, match="does not fit"):
        other.set_state(snapshot)


def test_an_opponent_whose_memory_cannot_be_saved_is_named(pong):
    class Stranger(RandomAgent):
        name = "stranger"
        state = None

    env = SB3VecEnv(pong, 2, opponent=Stranger())
    env.reset()
    with pytest.raises(UserError, match="what stranger remembers cannot be saved"):
        env.get_state()
