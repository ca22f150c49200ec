"""Flappy: facts of its rules, and players of rising strength, measured over 1,000 flights."""

from itertools import pairwise

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from npckit.agents.match import Match
from npckit.agents.seats import agent_named
from npckit.games import registry
from npckit.games.batch import Batch

FLAPPY = "flappy"
CELL, GROUND, BIRD_HALF = 256, 60 * 256, 320
GLIDE, FLAP = 0, 1
BEAT, PASSED = 1, 2


@pytest.fixture(scope="module")
def game():
    return registry.load(FLAPPY)


def _scores(game, name, flights=1000):
    return Match(game, [agent_named(name, game)], num_games=flights, seed=0).play().scores[:, 0]


def _one(game, **fields):
    batch = Batch(game)
    batch.reset(1)
    for name, value in fields.items():
        batch.states[0][name] = value
    return batch, batch.states[0]


def _tick(batch, action=GLIDE):
    batch.step(np.array([[action]]), ticks=1)


def test_bots_are_of_rising_strength(game):
    means = [_scores(game, name).mean() for name in ("random", "easy", "normal", "hard")]
    assert all(stronger >= 1.5 * weaker for weaker, stronger in pairwise(means))
    assert means[1] >= 10 * means[0]


def test_perf_runs_from_random_play_to_mastery(game):
    assert game.spec.perf(_scores(game, "random").mean()) < 0.02 and game.spec.perf(_scores(game, "hard").mean()) == 1


def test_a_newcomer_meets_a_point_by_chance(game):
    assert np.mean(_scores(game, "random") > 0) > 0.1


def test_a_beat_throws_the_bird_upwards_however_fast_it_fell(game):
    slow, one = _one(game, bird_vy=0)
    fast, other = _one(game, bird_vy=300)
    _tick(slow, FLAP)
    _tick(fast, FLAP)
    assert one["bird_vy"] == other["bird_vy"] < 0


def test_wings_rest_between_two_beats(game):
    batch, _ = _one(game)
    beats = []
    for _ in range(48):
        _tick(batch, FLAP)
        beats.append(bool(batch.events[0] & BEAT))
    assert np.diff(np.flatnonzero(beats)).tolist() == [16, 16]


def test_the_sky_is_a_soft_ceiling(game):
    batch, state = _one(game, bird_y=BIRD_HALF + 10)
    _tick(batch, FLAP)
    assert state["bird_y"] == BIRD_HALF and not batch.terminated[0]


def test_the_ground_ends_the_flight(game):
    batch, _ = _one(game, bird_y=GROUND - BIRD_HALF - 1, bird_vy=100)
    _tick(batch)
    assert batch.terminated[0] and batch.rewards[0, 0] == 0


@pytest.mark.parametrize(("above", "ends"), [(0, False), (5 * CELL, False), (11 * CELL, True), (-11 * CELL, True)])
def test_a_pillar_ends_the_flight_and_a_gap_lets_through(game, above, ends):
    batch, state = _one(game, gate_x=11 * CELL)
    state["bird_y"] = state["gap_y"][0] - above
    _tick(batch)
    assert batch.terminated[0] == ends


def test_each_gate_counts_once(game):
    outcome = Match(game, [agent_named("normal", game)], num_games=50, seed=3).play()
    assert (outcome.event_counts[:, 1] == outcome.scores[:, 0]).all()


def test_gaps_narrow_and_then_drift(game):
    match = Match(game, [agent_named("hard", game)], num_games=1, seed=2)
    heights, drifts = [], []
    while match.running:
        match.advance()
        heights.append(int(match.batch.states["gap_h"][0, -1]))
        drifts.append(int(abs(match.batch.states["drift"][0, -1])))
    assert heights == sorted(heights, reverse=True) and heights[-1] == 15 * CELL
    assert drifts == sorted(drifts) and drifts[0] == 0 and drifts[-1] == 36


@settings(max_examples=50, deadline=None)
@given(st.integers(0, 2**63), st.lists(st.integers(0, 1), max_size=300))
def test_bird_and_gaps_stay_within_bounds(seed, actions):
    batch = Batch(registry.load(FLAPPY))
    batch.reset(seed)
    state = batch.states[0]
    for action in actions:
        batch.step(np.array([[action]]))
        assert BIRD_HALF <= state["bird_y"] <= GROUND - BIRD_HALF + 320 and -216 <= state["bird_vy"] <= 320
        assert (state["gap_y"] - state["gap_h"] // 2 > 0).all() and (
            state["gap_y"] + state["gap_h"] // 2 < GROUND
        ).all()
        assert (abs(np.diff(state["home"])) <= 12 * CELL).all() and 0 <= state["rest"] < 16
