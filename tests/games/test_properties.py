"""What holds for every title, whatever its players do."""

import numpy as np
from hypothesis import given, settings
from hypothesis import strategies as st
from npckit.games import registry
from npckit.games.batch import Batch
from npckit.games.check import random_actions

WIDTH, HEIGHT = 64 * 256, 48 * 256


def test_every_episode_ends(title):
    batch, rng = Batch(title, 8), np.random.default_rng(0)
    batch.reset(0)
    for _ in range(title.spec.max_ticks // title.spec.decision_ticks + 1):
        batch.step(random_actions(batch, rng))
    assert not batch.running.any()


@settings(max_examples=50, deadline=None)
@given(st.integers(0, 2**63), st.lists(st.tuples(st.integers(0, 2), st.integers(0, 2)), max_size=300))
def test_pong_keeps_ball_paddles_and_scores_within_bounds(seed, plays):
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
def test_pong_reversed_plays_out_reversed(seed, plays):
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
