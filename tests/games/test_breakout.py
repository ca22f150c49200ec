"""Breakout: facts of its rules, and players of rising strength, measured over 1,000 games."""

from itertools import pairwise

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from npckit.agents.match import Match
from npckit.agents.seats import agent_named
from npckit.games import registry
from npckit.games.batch import Batch

BREAKOUT = "breakout"
CELL, SIDE = 256, 48 * 256
HALF, FACE, REACH = 192, 44 * 256 - 384, 1216
WHOLE_ROW, WORTH = 4095, (3, 3, 2, 2, 1, 1)
STAY, LEFT, RIGHT = range(3)
HIT, BOUNCE, BRICK, LOST, CLEARED = 1, 2, 4, 8, 16


@pytest.fixture(scope="module")
def game():
    return registry.load(BREAKOUT)


def _scores(game, name, games=1000):
    return Match(game, [agent_named(name, game)], num_games=games, seed=0).play().scores[:, 0]


def _one(game, **fields):
    """A game with the ball in play."""
    batch = Batch(game)
    batch.reset(1)
    for name, value in {"wait": 0, "ball_vx": 0, **fields}.items():
        batch.states[0][name] = value
    return batch, batch.states[0]


def _tick(batch, action=STAY):
    batch.step(np.array([[action]]), ticks=1)


def test_bots_are_of_rising_strength(game):
    means = [_scores(game, name).mean() for name in ("random", "easy", "normal", "hard")]
    assert all(stronger >= 1.5 * weaker for weaker, stronger in pairwise(means))
    assert means[1] >= 5 * means[0]


def test_perf_runs_from_random_play_to_mastery(game):
    assert game.spec.perf(_scores(game, "random").mean()) < 0.02 and game.spec.perf(_scores(game, "hard").mean()) == 1


@pytest.mark.parametrize("row", range(6))
def test_bricks_are_the_higher_the_dearer(game, row):
    batch, state = _one(game, ball_x=6 * CELL, ball_y=(8 + 2 * row) * CELL + HALF + 10, ball_vy=-100)
    state["bricks"][row + 1 :] = 0
    _tick(batch)
    assert batch.rewards[0, 0] == WORTH[row] == state["score"] and state["ball_vy"] == 100
    assert state["bricks"][row] == WHOLE_ROW - 0b10


def test_a_brick_that_is_gone_is_flown_through(game):
    batch, state = _one(game, ball_x=6 * CELL, ball_y=18 * CELL + HALF + 10, ball_vy=-100)
    state["bricks"][5] = WHOLE_ROW - 0b10
    _tick(batch)
    assert batch.rewards[0, 0] == 0 and state["ball_vy"] == -100


@pytest.mark.parametrize(("offset", "direction"), [(-1000, -1), (0, 0), (1000, 1)])
def test_where_the_ball_hits_the_paddle_decides_where_it_flies(game, offset, direction):
    batch, state = _one(game, paddle_x=SIDE // 2, ball_x=SIDE // 2 + offset, ball_y=FACE - 10, ball_vy=144)
    _tick(batch)
    assert np.sign(state["ball_vx"]) == direction and state["ball_vy"] == -148


def test_the_ball_is_faster_after_every_hit_up_to_a_top_speed(game):
    batch, state = _one(game, paddle_x=SIDE // 2, speed=255)
    for _ in range(3):
        state["ball_x"], state["ball_y"], state["ball_vx"], state["ball_vy"] = SIDE // 2, FACE - 10, 0, 144
        _tick(batch)
        assert state["ball_vy"] == -256


def test_a_missed_ball_costs_a_life_and_the_third_ends_the_game(game):
    batch, state = _one(game)
    for lives in (2, 1, 0):
        state["wait"], state["ball_y"], state["ball_vy"] = 0, SIDE + HALF, 144
        _tick(batch)
        assert state["lives"] == lives and batch.terminated[0] == (lives == 0)


def test_a_cleared_wall_brings_the_next_one_when_the_paddle_touches_the_ball(game):
    batch, state = _one(game, paddle_x=SIDE // 2, ball_x=SIDE // 2, ball_y=FACE - 300, ball_vy=200)
    state["bricks"][:] = 0
    _tick(batch)
    assert not state["bricks"].any()
    _tick(batch)
    assert (state["bricks"] == WHOLE_ROW).all() and batch.events[0] == HIT | CLEARED
    assert state["speed"] == 144 + 24 + 4 and state["walls"] == 1


def test_score_is_what_the_missing_bricks_were_worth(game):
    match = Match(game, [agent_named("hard", game)], num_games=20, seed=1)
    while match.tick < 6000:
        match.advance()
    states = match.batch.states
    standing = sum(
        worth * np.array([int(b).bit_count() for b in states["bricks"][:, row]]) for row, worth in enumerate(WORTH)
    )
    assert (states["score"] == 144 * (states["walls"] + 1) - standing).all()
    assert (states["score"] == match.batch.returns[:, 0]).all()


@settings(max_examples=50, deadline=None)
@given(st.integers(0, 2**63), st.lists(st.integers(0, 2), max_size=300))
def test_ball_and_paddle_stay_within_bounds(seed, actions):
    batch = Batch(registry.load(BREAKOUT))
    batch.reset(seed)
    state = batch.states[0]
    for action in actions:
        if not batch.running[0]:
            break
        batch.step(np.array([[action]]))
        assert HALF <= state["ball_x"] <= SIDE - HALF and HALF <= state["ball_y"] <= SIDE + HALF + 256
        assert 4 * CELL <= state["paddle_x"] <= SIDE - 4 * CELL
        assert abs(state["ball_vx"]) <= 320 and 144 <= abs(state["ball_vy"]) <= 256


@settings(max_examples=30, deadline=None)
@given(st.integers(0, 2**63), st.integers(0, 11), st.integers(0, 255))
def test_the_ball_never_lies_in_a_brick(seed, column, vx):
    batch = Batch(registry.load(BREAKOUT))
    batch.reset(seed)
    state = batch.states[0]
    state["wait"], state["ball_x"], state["ball_vx"], state["ball_vy"] = 0, (4 * column + 2) * CELL, vx, -200
    for _ in range(300):
        batch.step(np.array([[STAY]]), ticks=1)
        for x in (-HALF, HALF):
            for y in (1 - HALF, HALF - 1):
                row, place = (state["ball_y"] + y) // (2 * CELL) - 3, min(state["ball_x"] + x, SIDE - 1) // (4 * CELL)
                assert not (0 <= row < 6 and state["bricks"][row] >> place & 1)
