"""Snake: facts of its rules, alone and as a duel, and players of rising strength, measured over 1,000 games."""

from itertools import pairwise

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from npckit.agents.match import Match, duel
from npckit.agents.seats import agent_named
from npckit.games import registry
from npckit.games.batch import Batch
from npckit.games.check import random_actions, rows_of
from npckit.games.observation import Observer, ObsSpec

SNAKE = "snake"
SIDE, CELLS, DUEL_MOVES = 12, 144, 600
UP, DOWN, LEFT, RIGHT = range(4)
ATE, CRASHED, WON, FULL = 1, 2, 4, 8


@pytest.fixture(scope="module")
def game():
    return registry.load(SNAKE)


def _body(state, seat):
    """The cells of a snake, tail first."""
    return [int(state["body"][seat, (state["start"][seat] + i) % CELLS]) for i in range(state["length"][seat])]


def _lay(state, seat, cells, heading):
    """Puts a snake on the board, tail first."""
    state["taken"][_body(state, seat)] = 0
    state["start"][seat], state["length"][seat], state["heading"][seat] = 140, len(cells), heading
    state["body"][seat, (140 + np.arange(len(cells))) % CELLS] = cells
    state["taken"][cells] = 1


def _game(game, *bodies, food):
    batch = Batch(game, seats=len(bodies))
    batch.reset(1)
    for seat, (cells, heading) in enumerate(bodies):
        _lay(batch.states[0], seat, cells, heading)
    batch.states[0]["food"] = food
    return batch, batch.states[0]


def _move(game, batch, *directions):
    """Directions of the field, one for each snake."""
    batch.step(np.array([[game.spec.field_action(seat, way) for seat, way in enumerate(directions)]]))


def _winding_path():
    """All cells, row by row, there and back: a snake as long as can be."""
    rows = np.arange(CELLS).reshape(SIDE, SIDE)
    rows[1::2] = rows[1::2, ::-1].copy()
    return rows.ravel().tolist()


def test_bots_alone_are_of_rising_strength(game):
    scores = [Match(game, [agent_named(name, game)], num_games=1000, seed=0).play().scores for name in _levels(game)]
    means = [each.mean() for each in scores]
    assert all(stronger >= 1.5 * weaker for weaker, stronger in pairwise(means)) and means[1] >= 10 * means[0]


@pytest.mark.parametrize(("stronger", "weaker"), [("easy", "random"), ("normal", "easy"), ("hard", "normal")])
def test_bots_in_a_duel_are_of_rising_strength(game, stronger, weaker):
    points, _ = duel(game, agent_named(stronger, game), agent_named(weaker, game), num_games=1000)
    assert points.mean() >= 0.70


def _levels(game):
    return ("random", *game.bots)


def test_a_duel_is_fair_to_both_seats(game):
    scores = Match(game, [agent_named("normal", game)] * 2, num_games=1000, seed=0).play().scores
    assert abs(scores[:, 0].mean()) < 0.1


def test_the_tail_cell_is_free_when_it_moves_away(game):
    batch, state = _game(game, ([0, 1, 13, 12], LEFT), food=100)
    _move(game, batch, UP)
    assert not batch.terminated[0] and _body(state, 0) == [1, 13, 12, 0]


def test_the_tail_cell_of_the_other_is_free_when_it_moves_away(game):
    batch, state = _game(game, ([36, 37, 38], RIGHT), ([39, 40, 41], RIGHT), food=100)
    _move(game, batch, RIGHT, RIGHT)
    assert not batch.terminated[0] and _body(state, 0)[-1] == 39


def test_a_tail_that_stays_because_its_snake_eats_is_in_the_way(game):
    batch, _ = _game(game, ([36, 37, 38], RIGHT), ([39, 40, 41], RIGHT), food=42)
    _move(game, batch, RIGHT, RIGHT)
    assert batch.terminated[0] and batch.rewards[0].tolist() == [-1, 1]


def test_food_makes_a_lone_snake_longer_by_one_and_is_worth_a_point(game):
    batch, state = _game(game, ([0, 1, 2], RIGHT), food=3)
    _move(game, batch, RIGHT)
    assert _body(state, 0) == [0, 1, 2, 3] and batch.rewards[0, 0] == 1 and batch.events[0] == ATE
    assert state["food"] not in (0, 1, 2, 3)


@pytest.mark.parametrize(("cells", "heading"), [([14, 13, 12], LEFT), ([26, 14, 2], UP), ([9, 10, 11], RIGHT)])
def test_walls_end_the_game(game, cells, heading):
    batch, _ = _game(game, (cells, heading), food=100)
    _move(game, batch, heading)
    assert batch.terminated[0] and batch.events[0] == CRASHED and batch.rewards[0, 0] == 0


def test_the_own_body_ends_the_game(game):
    batch, _ = _game(game, ([0, 1, 2, 14, 13], LEFT), food=100)
    _move(game, batch, UP)
    assert batch.terminated[0]


def test_no_snake_may_reverse(game):
    batch, _ = _game(game, ([0, 1, 2], RIGHT), ([143, 142, 141], LEFT), food=100)
    masks = [batch.masks(*rows_of(batch, seat))[0].tolist() for seat in (0, 1)]
    assert masks == [[1, 1, 0, 1], [1, 1, 0, 1]]


def test_a_full_board_ends_the_game_as_a_win(game):
    cells = _winding_path()
    batch, state = _game(game, (cells[:-1], LEFT), food=cells[-1])
    _move(game, batch, LEFT)
    assert batch.terminated[0] and batch.rewards[0, 0] == 1 and batch.events[0] == ATE | FULL
    assert state["length"][0] == CELLS and state["taken"].all()


@pytest.mark.parametrize("left", [1, 2, 5])
def test_food_finds_the_last_free_cells(game, left):
    cells = _winding_path()
    free = cells[-left:]
    batch, state = _game(game, (cells[: -left - 1], LEFT), food=cells[-left - 1])
    _move(game, batch, LEFT)
    assert not batch.terminated[0] and state["food"] in free


def test_who_crashes_in_a_duel_has_lost(game):
    batch, _ = _game(game, ([14, 13, 12], LEFT), ([60, 61, 62], RIGHT), food=100)
    _move(game, batch, LEFT, RIGHT)
    assert batch.terminated[0] and batch.rewards[0].tolist() == [-1, 1] and batch.events[0] == CRASHED | WON


@pytest.mark.parametrize(("cells", "margin"), [([24, 25, 26], 0), ([36, 24, 25, 26], 1)])
def test_head_on_the_longer_snake_wins_and_equals_draw(game, cells, margin):
    batch, _ = _game(game, (cells, RIGHT), ([30, 29, 28], LEFT), food=100)
    _move(game, batch, RIGHT, LEFT)
    assert batch.terminated[0] and batch.rewards[0].tolist() == [margin, -margin]


def test_a_duel_that_lasts_goes_to_the_longer_snake(game):
    batch, state = _game(game, ([24, 25, 26], RIGHT), ([63, 62, 61, 60], LEFT), food=100)
    state["tick"] = DUEL_MOVES - 1
    _move(game, batch, RIGHT, UP)
    assert batch.terminated[0] and batch.rewards[0].tolist() == [-1, 1]


def test_food_is_worth_nothing_in_a_duel_until_it_decides(game):
    batch, _ = _game(game, ([24, 25, 26], RIGHT), ([63, 62, 61, 60], LEFT), food=27)
    _move(game, batch, RIGHT, UP)
    assert batch.events[0] == ATE and not batch.rewards.any()


def test_both_seats_see_the_same_when_the_board_is_turned_half_round(game):
    """So one policy plays either seat."""
    batch, rng = Batch(game, 64), np.random.default_rng(0)
    batch.reset(3)
    turned = Batch(game, 64)
    turned.reset(3)
    for _ in range(12):
        for kind in ("features", "planes"):
            _turn_half_round(batch.states, turned.states)
            seen = [
                Observer(each, ObsSpec(kind, 1), *rows_of(each, seat)).observe()
                for each, seat in ((batch, 1), (turned, 0))
            ]
            np.testing.assert_allclose(*seen, atol=1e-6)
        np.testing.assert_array_equal(batch.masks(*rows_of(batch, 1)), turned.masks(*rows_of(turned, 0)))
        batch.step(random_actions(batch, rng))
        batch.restart(~batch.running)


def _turn_half_round(states, into):
    into[:] = states
    into["body"] = CELLS - 1 - states["body"][:, ::-1]
    into["taken"] = states["taken"][:, ::-1]
    into["food"] = CELLS - 1 - states["food"]
    into["heading"] = states["heading"][:, ::-1] ^ 1
    for name in ("start", "length", "crashed"):
        into[name] = states[name][:, ::-1]


@settings(max_examples=60, deadline=None)
@given(st.integers(0, 2**63), st.sampled_from([1, 2]), st.integers(0, 2**31), st.integers(0, 40))
def test_bodies_and_food_keep_apart_on_the_board(seed, seats, choices, chance):
    """Food never lies on a body; a body is a chain of neighbours; `taken` marks the bodies and nothing else."""
    game = registry.load(SNAKE)
    match = Match(game, [agent_named("hard", game)] * seats, seed=seed % 2**32)
    rng, state = np.random.default_rng(choices), match.batch.states[0]
    for _ in range(150):
        match.agents[0].decide(match.actions)
        chosen = random_actions(match.batch, rng)
        match.batch.step(chosen if rng.integers(100) < chance else match.actions)
        bodies = [_body(state, seat) for seat in range(seats)]
        cells = [cell for body in bodies for cell in body]
        assert sorted(cells) == np.flatnonzero(state["taken"]).tolist() and min(cells) >= 0 and max(cells) < CELLS
        for body in bodies:
            assert all(abs(a % SIDE - b % SIDE) + abs(a // SIDE - b // SIDE) == 1 for a, b in pairwise(body))
        if not match.batch.running[0]:
            break
        assert state["taken"][state["food"]] == 0
