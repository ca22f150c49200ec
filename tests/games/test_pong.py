"""Pong: facts of its rules, and players of rising strength, measured over 1,000 matches with sides swapped."""

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from npckit.agents.match import duel
from npckit.agents.seats import CallableAgent, agent_named
from npckit.games import registry
from npckit.games.batch import Batch
from npckit.games.observation import ObsSpec

BALL_Y, OWN_Y = 1, 4
WIDTH, HEIGHT = 64 * 256, 48 * 256


def _follow_the_ball(features):
    """The frozen reference: the paddle follows the ball's height at full speed."""
    return np.where(features[:, BALL_Y] < features[:, OWN_Y], 1, 2)


@pytest.mark.parametrize(
    ("stronger", "weaker", "least"),
    [("easy", "random", 0.90), ("normal", "easy", 0.75), ("hard", "normal", 0.75), ("hard", "follower", 0.60)],
)
def test_bots_are_of_rising_strength(pong, stronger, weaker, least):
    players = {"follower": CallableAgent(_follow_the_ball, ObsSpec("features"))}
    one, other = (players.get(name) or agent_named(name, pong) for name in (stronger, weaker))
    points, _ = duel(pong, one, other, num_games=1000)
    assert points.mean() >= least


@settings(max_examples=50, deadline=None)
@given(st.integers(0, 2**63), st.lists(st.tuples(st.integers(0, 2), st.integers(0, 2)), max_size=300))
def test_ball_paddles_and_scores_stay_within_bounds(seed, plays):
    batch = Batch(registry.load("pong"))
    batch.reset(seed)
    state = batch.states[0]
    for actions in plays:
        batch.step(np.array([actions]))
        assert -2 * 384 <= state["ball_x"] <= WIDTH + 2 * 384 and 0 <= state["ball_y"] <= HEIGHT
        assert (state["paddle_y"] >= 1024).all() and (state["paddle_y"] <= HEIGHT - 1024).all()
        assert state["score"].max() <= 5 and batch.rewards.sum() == 0


@settings(max_examples=30, deadline=None)
@given(st.integers(0, 2**63), st.lists(st.tuples(st.integers(0, 2), st.integers(0, 2)), max_size=200))
def test_a_match_reversed_plays_out_reversed(seed, plays):
    """Until the first serve after a point, whose height and angle are drawn afresh but towards a seat."""
    one, other = Batch(registry.load("pong")), Batch(registry.load("pong"))
    one.reset(seed)
    other.reset(seed)
    mirror(other.states)
    for left, right in plays:
        one.step(np.array([[left, right]]))
        other.step(np.array([[right, left]]))
        if one.states["score"].any():
            break
        mirrored = other.states.copy()
        mirror(mirrored)
        assert mirrored.tobytes() == one.states.tobytes()


def mirror(states):
    states["ball_x"] = WIDTH - states["ball_x"]
    states["ball_vx"] = -states["ball_vx"]
    states["paddle_y"] = states["paddle_y"][:, ::-1].copy()
