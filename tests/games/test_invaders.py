"""Invaders: facts of its rules, and players of rising strength, measured over 1,000 games."""

from itertools import pairwise

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from npckit.agents.match import Match
from npckit.agents.seats import agent_named
from npckit.games import registry
from npckit.games.batch import Batch
from npckit.games.check import rows_of
from npckit.games.observation import Observer, ObsSpec

INVADERS = "invaders"
CELL, SIDE = 256, 64 * 256
STAY, LEFT, RIGHT, FIRE, LEFT_FIRE, RIGHT_FIRE = range(6)
SHOT, HIT, CRUMBLE, LOST, STEP, SAUCER, BONUS, CLEARED, LANDED = (1 << bit for bit in range(9))
WORTH, WHOLE_ROW, ALL = (3, 2, 2, 1, 1), 255, 40
CANNON_Y, SHIELD_Y, BOMB_H, NONE = 60 * CELL, 52 * CELL, 2 * CELL, -1
INVADER_W, INVADER_H, PITCH_X, PITCH_Y = 4 * CELL, 8 * CELL // 3, 6 * CELL, 4 * CELL
PAUSE = 40


@pytest.fixture(scope="module")
def game():
    return registry.load(INVADERS)


def _scores(game, name, games=1000):
    return Match(game, [agent_named(name, game)], num_games=games, seed=0).play().scores[:, 0]


def _one(game, **fields):
    """A game under way, in which nobody marches, bombs or crosses soon."""
    batch = Batch(game)
    batch.reset(1)
    for name, value in {"pause": 0, "march_in": 1000, "bomb_in": 1000, "saucer_in": 10000, **fields}.items():
        batch.states[0][name] = value
    return batch, batch.states[0]


def _tick(batch, action=STAY, times=1):
    for _ in range(times):
        batch.step(np.array([[action]]), ticks=1)


def _drop(state, *places):
    """Puts bombs into the air, the lowest first."""
    for i, (x, y) in enumerate(places):
        state["bomb_x"][i], state["bomb_y"][i] = x, y
    state["bombs"] = len(places)


def _leave(state, *invaders):
    """Only these invaders, (row, column), stand."""
    state["rows"][:] = 0
    for row, column in invaders:
        state["rows"][row] |= 1 << column
    columns = [column for _, column in invaders]
    state["first"], state["last"] = min(columns), max(columns)
    state["lowest"], state["standing"] = max(row for row, _ in invaders), len(invaders)


def test_bots_are_of_rising_strength(game):
    means = [_scores(game, name).mean() for name in ("random", "easy", "normal", "hard")]
    assert all(stronger >= 1.5 * weaker for weaker, stronger in pairwise(means))


def test_hard_clears_several_waves(game):
    outcome = Match(game, [agent_named("hard", game)], num_games=100, seed=0).play()
    assert outcome.event_counts[:, game.spec.events.index("cleared")].mean() >= 4


def test_perf_runs_from_random_play_to_mastery(game):
    assert game.spec.perf(_scores(game, "random").mean()) < 0.02 and game.spec.perf(_scores(game, "hard").mean()) == 1


@pytest.mark.parametrize("row", range(5))
def test_invaders_are_the_higher_the_dearer(game, row):
    batch, state = _one(game)
    x, y = int(state["formation_x"]) + 2 * PITCH_X + INVADER_W // 2, int(state["formation_y"]) + row * PITCH_Y
    state["rows"][row + 1 :] = 0
    state["shot_x"], state["shot_y"] = x, y + INVADER_H + 100
    _tick(batch)
    assert batch.rewards[0, 0] == WORTH[row] == state["score"] and batch.events[0] & HIT
    assert state["rows"][row] == WHOLE_ROW - 0b100 and state["shot_y"] == NONE


def test_a_shot_flies_on_between_invaders(game):
    batch, state = _one(game)
    state["shot_x"] = int(state["formation_x"]) + INVADER_W + CELL
    state["shot_y"] = int(state["formation_y"]) + 20 * CELL
    _tick(batch, times=22)
    assert state["standing"] == ALL and state["shot_y"] >= 0
    _tick(batch, times=5)
    assert state["shot_y"] == NONE


def test_one_shot_flies_at_a_time(game):
    batch, state = _one(game)
    _tick(batch, FIRE)
    assert batch.events[0] == SHOT and state["shot_x"] == SIDE // 2
    _tick(batch, RIGHT_FIRE)
    assert not batch.events[0] & SHOT and state["shot_x"] == SIDE // 2


@pytest.mark.parametrize(
    ("action", "way"), [(LEFT, -1), (LEFT_FIRE, -1), (FIRE, 0), (STAY, 0), (RIGHT, 1), (RIGHT_FIRE, 1)]
)
def test_the_cannon_runs_up_to_the_walls(game, action, way):
    batch, state = _one(game)
    _tick(batch, action)
    assert np.sign(state["cannon_x"] - SIDE // 2) == way
    _tick(batch, action, times=100)
    assert state["cannon_x"] == SIDE // 2 + way * (SIDE // 2 - 2 * CELL)


def test_the_fewer_are_left_the_more_often_they_step(game):
    periods = []
    for left in ([(0, 0)], [(row, column) for row in range(3) for column in range(4)], None):
        batch, state = _one(game, march_in=1)
        if left:
            _leave(state, *left)
        _tick(batch)
        assert batch.events[0] == STEP
        periods.append(int(state["march_in"]))
    assert periods == sorted(periods) and periods[0] <= 3 < 20 < periods[2]


@pytest.mark.parametrize(("x", "direction"), [(SIDE - CELL - INVADER_W - 7 * PITCH_X, 1), (CELL, -1)])
def test_at_an_edge_the_formation_comes_down_and_turns(game, x, direction):
    batch, state = _one(game, formation_x=x, direction=direction, march_in=1)
    y = int(state["formation_y"])
    _tick(batch)
    assert (state["formation_x"], state["formation_y"], state["direction"]) == (x, y + 2 * CELL, -direction)
    state["march_in"] = 1
    _tick(batch)
    assert (state["formation_x"], state["formation_y"]) == (x - direction * CELL, y + 2 * CELL)


def test_outer_columns_that_have_fallen_let_the_rest_march_farther(game):
    batch, state = _one(game, formation_x=CELL, direction=-1, march_in=1)
    _leave(state, (0, 3), (0, 4))
    _tick(batch)
    assert state["formation_x"] == 0 and state["direction"] == -1


def test_shields_stop_bombs_and_shots_and_crumble(game):
    batch, state = _one(game)
    _drop(state, (8 * CELL + 10, SHIELD_Y - 50))
    whole = int(state["shields"][0])
    _tick(batch)
    once = int(state["shields"][0])
    assert batch.events[0] == CRUMBLE and state["bombs"] == 0 and whole & ~once & (1 << 3) and once & ~whole == 0
    state["shot_x"], state["shot_y"] = 6 * CELL + 10, SHIELD_Y + 4 * CELL + 50
    _tick(batch)
    assert batch.events[0] == CRUMBLE and state["shot_y"] == NONE
    assert int(state["shields"][0]).bit_count() < once.bit_count() and state["shields"][1] == whole


def test_invaders_trample_the_shields(game):
    batch, state = _one(game, formation_x=CELL, direction=-1, march_in=1)
    _leave(state, (4, 0))
    state["formation_y"] = SHIELD_Y - 4 * PITCH_Y - INVADER_H
    _tick(batch)
    assert (state["shields"] >> 12 > 0).all() and (state["shields"] & 4095 == 0).all()


def test_a_shot_and_a_bomb_that_meet_are_both_gone(game):
    batch, state = _one(game, shot_x=20 * CELL, shot_y=40 * CELL)
    _drop(state, (20 * CELL, 40 * CELL))
    _tick(batch)
    assert state["bombs"] == 0 and state["shot_y"] == NONE and not batch.events[0] & LOST


def test_a_bomb_costs_a_life_and_the_third_ends_the_game(game):
    batch, state = _one(game)
    for lives in (2, 1, 0):
        state["pause"] = 0
        _drop(state, (int(state["cannon_x"]) + 500, CANNON_Y - 10))
        _tick(batch)
        assert state["lives"] == lives and batch.events[0] == LOST and state["bombs"] == 0
        assert batch.terminated[0] == (lives == 0) and state["pause"] == PAUSE


def test_a_bomb_that_misses_falls_past(game):
    batch, state = _one(game)
    _drop(state, (int(state["cannon_x"]) + 3 * CELL, CANNON_Y - 10))
    _tick(batch, times=20)
    assert state["lives"] == 3 and state["bombs"] == 0


def test_the_bonus_ship_is_worth_ten(game):
    batch, state = _one(game, saucer_in=1)
    _tick(batch)
    assert batch.events[0] & SAUCER and abs(int(state["saucer_direction"])) == 1
    state["saucer_x"], state["shot_x"], state["shot_y"] = 40 * CELL, 40 * CELL, 7 * CELL
    _tick(batch)
    assert batch.rewards[0, 0] == 10 and batch.events[0] & BONUS and state["saucer_direction"] == 0


def test_the_next_wave_begins_lower_with_whole_shields(game):
    batch, state = _one(game, shields=0)
    _leave(state, (0, 3))
    y = int(state["formation_y"])
    state["shot_x"] = int(state["formation_x"]) + 3 * PITCH_X + INVADER_W // 2
    state["shot_y"] = y + INVADER_H + 10
    _tick(batch)
    assert batch.events[0] & CLEARED and state["wave"] == 1 and state["standing"] == ALL
    assert state["formation_y"] == y + 2 * CELL and (state["shields"] > 0).all() and not batch.terminated[0]


def test_invaders_that_land_end_the_game(game):
    batch, state = _one(game, formation_x=CELL, direction=-1, march_in=1)
    _leave(state, (2, 0))
    state["formation_y"] = CANNON_Y - 2 * PITCH_Y - INVADER_H - CELL
    _tick(batch)
    assert batch.terminated[0] and batch.events[0] & LANDED and state["lives"] == 3


def test_each_invader_fills_cells_of_its_own_in_the_planes(game):
    batch, state = _one(game)
    plane = game.spec.planes.index("other")
    for x in range(CELL, 17 * CELL, CELL):
        for steps in range(2):
            state["formation_x"], state["steps"] = x, steps
            filled = 0
            for row in range(5):
                for column in range(8):
                    _leave(state, (row, column))
                    seen = Observer(batch, ObsSpec("planes", 1), *rows_of(batch, 0)).observe()[0, plane]
                    assert seen.any()
                    filled += int(seen.sum())
            state["rows"][:] = WHOLE_ROW
            whole = Observer(batch, ObsSpec("planes", 1), *rows_of(batch, 0)).observe()[0, plane]
            assert whole.sum() == filled


@pytest.mark.parametrize("kind", ["planes", "pixels"])
def test_cannon_and_wreck_are_seen_wherever_they_are(game, kind):
    batch, state = _one(game)
    _leave(state, (0, 0))
    state["shields"] = 0
    empty = _seen(batch, kind, cannon_x=-8 * CELL)
    for pause in (0, 10):
        for x in range(2 * CELL, SIDE - 2 * CELL, 100):
            assert (_seen(batch, kind, cannon_x=x, pause=pause) != empty).any()


def _seen(batch, kind, **fields):
    for name, value in fields.items():
        batch.states[0][name] = value
    return Observer(batch, ObsSpec(kind, 1), *rows_of(batch, 0)).observe().copy()


@settings(max_examples=60, deadline=None)
@given(
    st.integers(0, 2**63),
    st.lists(st.tuples(st.integers(0, 5), st.integers(1, 40)), max_size=40),
    st.integers(0, 9),
    st.integers(0, 2**40 - 1),
)
def test_books_are_kept_and_everything_stays_in_its_place(seed, plays, wave, standing):
    """Bombs in order, counts and edges as the rows say, cannon and formation within the field; scores are the rewards."""
    batch = Batch(registry.load(INVADERS))
    batch.reset(seed)
    state = batch.states[0]
    state["wave"], state["pause"] = wave, 0
    chosen = [(i // 8, i % 8) for i in range(ALL) if standing >> i & 1]
    if chosen:
        _leave(state, *chosen)
    for action, ticks in plays:
        for _ in range(ticks if batch.running[0] else 0):
            _tick(batch, action)
            if not batch.running[0]:
                break
            union = int(np.bitwise_or.reduce(state["rows"]))
            assert state["standing"] == sum(int(row).bit_count() for row in state["rows"]) > 0
            assert union & -union == 1 << state["first"] and union.bit_length() - 1 == state["last"]
            assert state["lowest"] == max(row for row in range(5) if state["rows"][row])
            left = state["formation_x"] + state["first"] * PITCH_X
            assert left >= CELL and state["formation_x"] + state["last"] * PITCH_X + INVADER_W <= SIDE - CELL
            assert 2 * CELL <= state["cannon_x"] <= SIDE - 2 * CELL and NONE <= state["shot_y"] <= CANNON_Y
            heights = state["bomb_y"][: state["bombs"]]
            assert (np.diff(heights) <= 0).all() and (heights < SIDE).all() and 0 <= state["bombs"] <= 8
            assert state["score"] == batch.returns[0, 0] and (state["shields"] >= 0).all()
