"""Tanks: ten thousand arenas that hold together, and whatever may happen in them."""

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from npckit.agents.match import Match
from npckit.agents.seats import agent_named
from npckit.games import registry
from npckit.games.batch import Batch
from npckit.games.check import random_actions, rows_of
from npckit.games.geometry import clear_line

TANKS = "tanks"
CELL, RADIUS = 256, 177
GOAL, RELOAD, READY, WRECK = 3, 60, 45, 30
STAY, FORWARD, FIRE = 0, 1, 9


@pytest.fixture(scope="module")
def game():
    return registry.load(TANKS)


@pytest.fixture(scope="module")
def arenas(game):
    batch = Batch(game, 10_000)
    batch.reset(0)
    return batch.states


def test_no_tank_is_ever_cut_off_from_any_open_place_in_10_000_arenas(arenas):
    """A tank fits where a square of 2 x 2 cells is open; squares that overlap by half lead to each other."""
    is_open = arenas["walls"] == 0
    fits = is_open[:, :-1, :-1] & is_open[:, 1:, :-1] & is_open[:, :-1, 1:] & is_open[:, 1:, 1:]
    reached = np.zeros_like(fits)
    games = np.arange(len(arenas))
    row, column = arenas["y"][:, 0] // CELL - 1, arenas["x"][:, 0] // CELL - 1
    reached[games, row, column] = True
    while True:
        more = reached.copy()
        more[:, 1:] |= reached[:, :-1]
        more[:, :-1] |= reached[:, 1:]
        more[:, :, 1:] |= reached[:, :, :-1]
        more[:, :, :-1] |= reached[:, :, 1:]
        more &= fits
        if (more == reached).all():
            break
        reached = more
    covered = np.zeros_like(is_open)
    for down in (0, 1):
        for right in (0, 1):
            covered[:, down : down + reached.shape[1], right : right + reached.shape[2]] |= reached
    assert (covered == is_open).all()
    assert reached[games, arenas["y"][:, 1] // CELL, arenas["x"][:, 1] // CELL].all()


def test_arenas_are_the_same_turned_half_round(arenas):
    assert (arenas["walls"] == arenas["walls"][:, ::-1, ::-1]).all()


def test_arenas_differ_and_have_walls_worth_hiding_behind(arenas):
    assert len(np.unique(arenas["walls"].reshape(len(arenas), -1), axis=0)) > 9_500
    inner = arenas["walls"][:, 1:-1, 1:-1].mean(axis=(1, 2))
    assert inner.min() > 0.05 and 0.2 < inner.mean() < 0.4


def test_the_bars_that_are_drawn_are_the_walls(arenas):
    for state in arenas[:200]:
        walls = np.zeros((19, 25), np.int8)
        for bar in state["bar"][: state["bars"]].tolist():
            x, y, w, h = bar >> 15, bar >> 10 & 31, bar >> 5 & 31, bar & 31
            walls[y : y + h, x : x + w] = 1
        assert (walls == state["walls"]).all()


def test_a_round_begins_far_apart_and_out_of_sight(arenas):
    apart = np.hypot(*(arenas[axis][:, 0] - arenas[axis][:, 1] for axis in ("x", "y")))
    assert apart.min() > 8 * CELL
    for state in arenas[:500]:
        assert not clear_line(state["walls"], *(int(state[axis][tank]) for tank in (0, 1) for axis in ("x", "y")))


# --- whatever happens ---------------------------------------------------------------------------------------------------


@settings(max_examples=40, deadline=None)
@given(st.integers(0, 2**63), st.integers(0, 2**31), st.integers(0, 100))
def test_nothing_leaves_the_arena_or_enters_a_wall(seed, choices, chance):
    game = registry.load(TANKS)
    match = Match(game, [agent_named("hard", game)] * 2, num_games=8, seed=seed % 2**32)
    batch, rng = match.batch, np.random.default_rng(choices)
    for _ in range(60):
        match.agents[0].decide(match.actions)
        chosen = np.where(rng.integers(100, size=(8, 1)) < chance, random_actions(batch, rng), match.actions)
        batch.step(chosen)
        for state in batch.states:
            _assert_in_bounds(state)
        assert (batch.rewards.sum(axis=1) == 0).all() and batch.masks(*rows_of(batch, 0))[:, 0].all()


def _assert_in_bounds(state):
    walls = state["walls"]
    for x, y, legs in zip(state["shell_x"], state["shell_y"], state["legs"], strict=True):
        assert legs == 0 or (walls[y // CELL, x // CELL] == 0 and x % 2 == y % 2 == 1)
    rows, columns = np.nonzero(walls)
    for x, y in zip(state["x"].tolist(), state["y"].tolist(), strict=True):
        off_x = np.maximum(np.maximum(columns * CELL - x, x - (columns + 1) * CELL), 0)
        off_y = np.maximum(np.maximum(rows * CELL - y, y - (rows + 1) * CELL), 0)
        assert (off_x**2 + off_y**2).min() >= RADIUS**2 and x % 2 == y % 2 == 1
    dx, dy = (int(state[axis][0]) - int(state[axis][1]) for axis in ("x", "y"))
    assert dx * dx + dy * dy >= 4 * RADIUS**2
    assert state["score"].min() >= 0 and state["score"].max() <= GOAL
    assert state["reload"].min() >= 0 and state["reload"].max() <= RELOAD and 0 <= state["wait"] <= READY + WRECK


@settings(max_examples=40, deadline=None)
@given(st.integers(0, 2**63), st.integers(0, 2**31))
def test_a_tank_never_gets_stuck(seed, choices):
    """Wherever chance has brought it, it can drive off in one of four directions."""
    game = registry.load(TANKS)
    batch, rng = Batch(game, 16), np.random.default_rng(choices)
    batch.reset(seed)
    for _ in range(40):
        batch.step(random_actions(batch, rng) % FIRE)
    before = batch.states.copy()
    farthest = np.zeros(16)
    for way in range(4):
        batch.states[:] = before
        batch.states["heading"][:, 0] = 64 * way
        batch.step(np.tile(np.array([[FORWARD, STAY]]), (16, 1)), ticks=8)
        moved = np.hypot(*(batch.states[axis][:, 0] - before[axis][:, 0] for axis in ("x", "y")))
        farthest = np.maximum(farthest, moved)
    assert farthest.min() > 100
